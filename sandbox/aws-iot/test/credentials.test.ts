/** The credential provider's answers, in the order of its checks. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { certificatePem, createDevice, keyPem } from '../pki/authority.ts';
import { askCredentials, type CredentialAsk } from './support/credentials.ts';
import { startWorld, type World } from './support/harness.ts';

let world: World;
before(async () => {
  world = await startWorld({
    registry: (standard) => {
      const assume = {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: '*/allowed-*' },
      };
      return {
        ...standard,
        policies: { ...standard.policies, assume },
        certificates: Object.fromEntries(
          Object.entries(standard.certificates).map(([id, certificate]) => [
            id,
            { ...certificate, policies: [...certificate.policies, 'assume'] },
          ]),
        ),
        roleAliases: {
          ...standard.roleAliases,
          'not-allowed': { role: 'sandbox-role', durationSeconds: 900 },
          'allowed-no-role': { role: 'nobody', durationSeconds: 900 },
          'allowed-no-trust': { role: 'untrusting', durationSeconds: 900 },
          'allowed-too-long': { role: 'sandbox-role', durationSeconds: 43_200 },
        },
        roles: { ...standard.roles, untrusting: { trusts: ['ec2.amazonaws.com'], maxSessionSeconds: 3_600, policies: [] } },
      };
    },
  });
});
after(() => world.stop());

test('a device gets credentials that last an hour', async () => {
  const { status, body } = await askCredentials(world);
  assert.equal(status, 200);
  assert.match(body.credentials?.accessKeyId ?? '', /^ASIA[0-9A-F]{16}$/);
  assert.match(body.credentials?.expiration ?? '', /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$/);
  const lastsMs = Date.parse(body.credentials?.expiration ?? '') - Date.now();
  assert.ok(lastsMs > 3_500_000 && lastsMs <= 3_600_000);
  assert.deepEqual(Object.keys(body.credentials ?? {}), ['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration']);
});

test('two requests get two keys', async () => {
  const [first, second] = [await askCredentials(world), await askCredentials(world)];
  assert.notEqual(first.body.credentials?.accessKeyId, second.body.credentials?.accessKeyId);
});

const alias = (name: string) => ({ path: `/role-aliases/${name}/credentials` });
const ROWS: [name: string, ask: CredentialAsk, status: number, message: string][] = [
  ['a deactivated certificate', { device: 'inactiveDevice' }, 403, 'Certificate is invalid on this endpoint'],
  [
    'a deactivated certificate, before all else',
    { device: 'inactiveDevice', ...alias('none'), thing: 'x' },
    403,
    'Certificate is invalid on this endpoint',
  ],
  ['no certificate', { tls: {} }, 403, 'Certificate is invalid on this endpoint'],
  ["another device's thing", { thing: 'sandbox-second' }, 403, 'Invalid thing name passed'],
  ['an unknown thing, before the policy', { thing: 'x', ...alias('not-allowed') }, 403, 'Invalid thing name passed'],
  ['an alias that the policy does not allow', alias('not-allowed'), 403, 'Access Denied'],
  ['an alias that does not exist, where the policy does not allow it', alias('none'), 403, 'Access Denied'],
  ['an alias that does not exist', alias('allowed-none'), 404, 'Role alias does not exist'],
  ['a role that does not exist', alias('allowed-no-role'), 400, 'Unable to assume the role, or the role to assume does not exist'],
  ['a role that does not trust us', alias('allowed-no-trust'), 400, 'Unable to assume the role, or the role to assume does not exist'],
  [
    'an alias that lasts longer than the role',
    alias('allowed-too-long'),
    400,
    'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role',
  ],
  ['another path', { path: '/' }, 404, 'Unknown operation'],
  ['an alias that every object has', alias('constructor'), 403, 'Access Denied'],
  ['a path that does not decode', alias('%zz'), 404, 'Unknown operation'],
];

for (const [name, ask, status, message] of ROWS) {
  test(`${name}: ${status}`, async () => {
    const answer = await askCredentials(world, ask);
    assert.deepEqual([answer.status, answer.body.message], [status, message]);
    assert.ok(answer.errorType);
  });
}

test('a self-signed certificate, even one that copies the subject, is invalid on this endpoint', async () => {
  const foreign = await createDevice({ name: 'CN=AWS IoT Certificate', days: 100 });
  const answer = await askCredentials(world, { tls: { cert: certificatePem(foreign), key: await keyPem(foreign) } });
  assert.deepEqual(
    [answer.status, answer.errorType, answer.body.message],
    [403, 'AccessDeniedException', 'Certificate is invalid on this endpoint'],
  );
});

test("a device's certificate without its key proves nothing", async () => {
  const [cert, key] = [await world.read('deviceCertificate'), await world.read('secondDeviceKey')];
  assert.equal((await askCredentials(world, { tls: { cert, key } })).status, 403);
});

test('a request without a thing name gets credentials too', async () => {
  assert.equal((await askCredentials(world, { thing: undefined })).status, 200);
});
