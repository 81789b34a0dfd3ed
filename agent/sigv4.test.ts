import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { presignMqttPath, regionOf } from './sigv4.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const AT_MS = Date.UTC(2026, 10, 22, 3, 4, 5);

/** The signature by the letter of AWS's "Create a signed request" page, without any library: the oracle. */
function signatureOf(query: readonly [string, string][]): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonicalQuery = query
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const empty = createHash('sha256').update('').digest('hex');
  const canonical = ['GET', '/mqtt', canonicalQuery, `host:${HOST}\n`, 'host', empty].join('\n');
  const scope = '20261122/eu-west-1/iotdevicegateway/aws4_request';
  const toSign = ['AWS4-HMAC-SHA256', '20261122T030405Z', scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = ['eu-west-1', 'iotdevicegateway', 'aws4_request'].reduce(hmac, hmac(`AWS4${KEYS.secretAccessKey}`, '20261122'));
  return hmac(key, toSign).toString('hex');
}

test('the path is signed for service iotdevicegateway over the Host alone, and the session token stands outside the signature', async () => {
  const sessionToken = 'IQoJb3JpZ2luX2VjE+/=token';
  const path = await presignMqttPath({ host: HOST, region: 'eu-west-1', credentials: { ...KEYS, sessionToken }, atMs: AT_MS });
  const url = new URL(`wss://${HOST}${path}`);
  assert.equal(url.pathname, '/mqtt');
  assert.equal(url.searchParams.get('X-Amz-SignedHeaders'), 'host');
  assert.equal(url.searchParams.get('X-Amz-Credential'), 'AKIDEXAMPLE/20261122/eu-west-1/iotdevicegateway/aws4_request');
  assert.equal(url.searchParams.get('X-Amz-Security-Token'), sessionToken);
  assert.ok(path.endsWith('&X-Amz-Security-Token=IQoJb3JpZ2luX2VjE%2B%2F%3Dtoken'));

  const signed = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature' && name !== 'X-Amz-Security-Token');
  assert.equal(url.searchParams.get('X-Amz-Signature'), signatureOf(signed));
});

test('without a session token nothing is appended', async () => {
  const path = await presignMqttPath({ host: HOST, region: 'eu-west-1', credentials: KEYS, atMs: AT_MS });
  assert.doesNotMatch(path, /Security-Token/);
});

test('the signature changes with the moment', async () => {
  const at = (atMs: number): Promise<string> => presignMqttPath({ host: HOST, region: 'eu-west-1', credentials: KEYS, atMs });
  assert.notEqual(await at(AT_MS), await at(AT_MS + 1_000));
});

for (const [host, region] of [
  [HOST, 'eu-west-1'],
  ['a1b2c3.iot.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['a1b2c3.ats.iot.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['a1b2c3-ats.iot.cn-northwest-1.amazonaws.com.cn', 'cn-northwest-1'],
  ['data.iot-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['data-ats.iot.ap-southeast-2.api.aws', 'ap-southeast-2'],
  ['iot.example.com', null],
  ['a.iot.eu-west-1.amazonaws.com.evil.example', null],
] as const) {
  test(`the region of ${host} is ${region}`, () => {
    assert.equal(regionOf(host), region);
  });
}
