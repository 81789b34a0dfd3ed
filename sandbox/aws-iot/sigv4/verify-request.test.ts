import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { createDefaultRegistry } from '../default-registry.ts';
import { Sha256 } from '../test/support/sign.ts';
import { AccessKeys } from './access-keys.ts';
import { verifyRequest } from './verify-request.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const NOW = Date.parse('2026-03-04T05:06:07Z');
const registry = createDefaultRegistry({ region: 'eu-west-1', certificates: { first: 'a', second: 'b', inactive: 'c' } });
const keys = new AccessKeys(registry, () => NOW);
const { accessKeyId, secretAccessKey, sessionToken } = keys.issue({ policies: [], variables: {}, durationSeconds: 3_600 });
const temporary = { accessKeyId, secretAccessKey, sessionToken };

interface Changes {
  readonly service?: string;
  readonly region?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly body?: string;
  readonly rawQuery?: string;
  readonly rawPath?: string;
  readonly atMs?: number;
  readonly without?: string;
}

/** Signed by AWS's own signer, then changed, then judged. */
async function judge(changes: Changes): Promise<string> {
  const { service = 'iotdata', region = 'eu-west-1', credentials = temporary, atMs = NOW } = changes;
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: false });
  const path = '/topics/test%2Fguide';
  const request = { method: 'POST', protocol: 'https:', hostname: HOST, path, query: { qos: '1' }, headers: { host: HOST }, body: 'hello' };
  const { headers } = await signer.sign(request, { signingDate: new Date(NOW) });
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) => (name === changes.without ? [] : [name, value]));
  const { rawPath = path, rawQuery = 'qos=1', body = 'hello' } = changes;
  const context = { nowMs: atMs, skewMs: 300_000, region: 'eu-west-1', host: HOST, findKey: (id: string) => keys.find(id) };
  const verified = verifyRequest({ method: 'POST', rawPath, rawQuery, rawHeaders, body: Buffer.from(body) }, context);
  return verified.ok ? 'OK' : verified.type;
}

for (const [what, changes, expected] of [
  ['as the CLI signs', {}, 'OK'],
  ['for the name that the guide has', { service: 'iotdevicegateway' }, 'OK'],
  ['for another service', { service: 's3' }, 'InvalidSignatureException'],
  ['for another region', { region: 'us-east-1' }, 'InvalidSignatureException'],
  ['with another body', { body: 'hallo' }, 'InvalidSignatureException'],
  ['with another query', { rawQuery: 'qos=0' }, 'InvalidSignatureException'],
  ['with another path', { rawPath: '/topics/test%2Fother' }, 'InvalidSignatureException'],
  ['with a wrong secret', { credentials: { ...temporary, secretAccessKey: 'wrong' } }, 'InvalidSignatureException'],
  ['six minutes ago', { atMs: NOW + 360_000 }, 'InvalidSignatureException'],
  ['by an unknown key', { credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey } }, 'UnrecognizedClientException'],
  ['without the token of a temporary key', { credentials: { accessKeyId, secretAccessKey } }, 'UnrecognizedClientException'],
  ["with another key's token", { credentials: { ...temporary, sessionToken: 'abc' } }, 'UnrecognizedClientException'],
  ['and sent without its header', { without: 'authorization' }, 'IncompleteSignatureException'],
  ['and sent without its date', { without: 'x-amz-date' }, 'IncompleteSignatureException'],
] as const) {
  test(`signed ${what}: ${expected}`, async () => assert.equal(await judge(changes), expected));
}
