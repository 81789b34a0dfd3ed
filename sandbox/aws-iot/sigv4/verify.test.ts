import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signMqttPath, type SignInput } from '../test/support/sign.ts';
import { createDefaultRegistry } from '../default-registry.ts';
import { AccessKeys } from './access-keys.ts';
import { renderCanonicalQuery } from './query.ts';
import type { Verified } from './signature.ts';
import { verifyUpgrade } from './verify.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const NOW = Date.parse('2026-03-04T05:06:07Z');
const registry = createDefaultRegistry({ region: 'eu-west-1', certificates: { first: 'a', second: 'b', inactive: 'c' } });
const keys = new AccessKeys(registry, () => NOW);
const temporary = keys.issue({ policies: [], variables: {}, durationSeconds: 3_600 });
const [staticId = '', staticKey] = Object.entries(registry.accessKeys)[0] ?? [];
const longLived = { accessKeyId: staticId, secretAccessKey: staticKey?.secretAccessKey ?? '' };

const base: SignInput = { host: HOST, region: 'eu-west-1', ...temporary, date: new Date(NOW) };

function verify(url: string, changes: { headers?: string[]; nowMs?: number; method?: string } = {}): Verified {
  const [rawPath = '', rawQuery = ''] = url.split('?');
  const rawHeaders = changes.headers ?? ['Host', HOST];
  const context = { nowMs: changes.nowMs ?? NOW, skewMs: 300_000, region: 'eu-west-1', host: HOST, findKey: (id: string) => keys.find(id) };
  return verifyUpgrade({ method: changes.method ?? 'GET', rawPath, rawQuery, rawHeaders }, context);
}

const typeOf = (verified: Verified) => (verified.ok ? 'OK' : verified.type);

test('a URL signed by AWS signer is accepted, for a temporary and for a long-lived key', async () => {
  assert.equal(typeOf(verify(await signMqttPath(base))), 'OK');
  assert.equal(typeOf(verify(await signMqttPath({ ...base, ...longLived, sessionToken: undefined }))), 'OK');
});

const REFUSED: [name: string, changes: Partial<SignInput>, type: string][] = [
  ['a token that was signed in', { signsToken: true }, 'InvalidSignatureException'],
  ['another service', { service: 'iotdata' }, 'InvalidSignatureException'],
  ['another region', { region: 'us-east-1' }, 'InvalidSignatureException'],
  ['another host', { host: 'proxy.sandbox.test' }, 'InvalidSignatureException'],
  ['a wrong secret', { secretAccessKey: 'wrong' }, 'InvalidSignatureException'],
  ['an unknown key', { accessKeyId: 'AKIAUNKNOWN' }, 'UnrecognizedClientException'],
  ['a key that every object has', { accessKeyId: 'constructor' }, 'UnrecognizedClientException'],
  ['no token for a temporary key', { sessionToken: undefined }, 'UnrecognizedClientException'],
  ["another key's token", { sessionToken: 'abc' }, 'UnrecognizedClientException'],
  ['a token for a long-lived key', { ...longLived, sessionToken: 'abc' }, 'UnrecognizedClientException'],
  ['a date of six minutes ago', { date: new Date(NOW - 360_000), expiresIn: 86_400 }, 'InvalidSignatureException'],
  ['a date in six minutes', { date: new Date(NOW + 360_000) }, 'InvalidSignatureException'],
  ['a URL past its X-Amz-Expires', { date: new Date(NOW - 60_000), expiresIn: 30 }, 'InvalidSignatureException'],
];

for (const [name, changes, type] of REFUSED) {
  test(`refused: ${name}`, async () => assert.equal(typeOf(verify(await signMqttPath({ ...base, ...changes }))), type));
}

test('four minutes of skew are accepted both ways', async () => {
  for (const offMs of [-240_000, 240_000]) assert.equal(typeOf(verify(await signMqttPath({ ...base, date: new Date(NOW + offMs) }))), 'OK');
});

test('refused: credentials that have expired', async () => {
  const laterMs = NOW + 3_600_000;
  const url = await signMqttPath({ ...base, date: new Date(laterMs) });
  assert.equal(typeOf(verify(url, { nowMs: laterMs })), 'ExpiredTokenException');
  assert.equal(typeOf(verify(await signMqttPath({ ...base, date: new Date(laterMs - 1_000) }), { nowMs: laterMs - 1_000 })), 'OK');
});

test('the Host is taken as received: a port that was not signed breaks the signature', async () => {
  const url = await signMqttPath(base);
  assert.equal(typeOf(verify(url, { headers: ['Host', `${HOST}:443`] })), 'InvalidSignatureException');
  assert.equal(typeOf(verify(url, { headers: ['host', 'gw.sandbox.test'] })), 'ForbiddenException');
  assert.equal(typeOf(verify(url, { headers: ['Host', HOST, 'Host', HOST] })), 'ForbiddenException');
  assert.equal(typeOf(verify(url, { headers: [] })), 'ForbiddenException');
});

test('the query is taken as received: each change to it breaks the signature', async () => {
  const url = await signMqttPath(base);
  assert.match(url, /%2F/);
  const changed = [
    url.replace('%2F', '/'),
    url.replace('%2F', '%2f'),
    `${url}&extra=1`,
    url.replace('X-Amz-Expires=300', 'X-Amz-Expires=301'),
    url.replace('/mqtt?', '/mqtt/?'),
  ];
  for (const candidate of changed) assert.equal(typeOf(verify(candidate)), 'InvalidSignatureException', candidate);
  assert.equal(typeOf(verify(url, { method: 'POST' })), 'InvalidSignatureException');
});

test('the order of the fields does not matter', async () => {
  const [path, query = ''] = (await signMqttPath(base)).split('?');
  assert.equal(typeOf(verify(`${path}?${query.split('&').toReversed().join('&')}`)), 'OK');
});

test('the canonical query sorts by name first', () => {
  const fields = ['a-b=1', 'a=2', 'a=1', 'B=3'].map((field) => ({ name: field.split('=')[0] ?? '', value: field.split('=')[1] ?? '' }));
  assert.equal(renderCanonicalQuery(fields), 'B=3&a=1&a=2&a-b=1');
});

test('refused: fields that are missing, doubled or not percent-encoded right', async () => {
  const url = await signMqttPath(base);
  const broken = [
    '/mqtt',
    '/mqtt?',
    `${url}&X-Amz-Signature=00`,
    url.replace('X-Amz-Algorithm=AWS4-HMAC-SHA256', 'X-Amz-Algorithm=AWS4-HMAC-SHA1'),
    url.replace(/X-Amz-Date=[^&]*/, 'X-Amz-Date=yesterday'),
    url.replace(/X-Amz-Credential=[^&]*/, 'X-Amz-Credential=%ZZ'),
    url.replace('X-Amz-Expires=300', 'X-Amz-Expires=0'),
    url.replace('X-Amz-Expires=300', 'X-Amz-Expires=604801'),
  ];
  for (const candidate of broken) assert.equal(typeOf(verify(candidate)), 'IncompleteSignatureException', candidate);
  assert.equal(typeOf(verify(url.replace('X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders=x'))), 'InvalidSignatureException');
});

test('the oldest key is forgotten before memory is', () => {
  const many = new AccessKeys(registry, () => NOW);
  const issued = Array.from({ length: 10_001 }, () => many.issue({ policies: [], variables: {}, durationSeconds: 1 }));
  assert.equal(many.find(issued[0]?.accessKeyId ?? ''), undefined);
  assert.equal(many.find(issued[1]?.accessKeyId ?? ''), issued[1]);
});
