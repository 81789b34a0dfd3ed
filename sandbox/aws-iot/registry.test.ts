import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDefaultRegistry } from './default-registry.ts';
import { authorize, certificatePrincipal } from './principal.ts';
import { arn, checkRegistry, entryOf, type Registry } from './registry.ts';

const [FIRST, SECOND, INACTIVE] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
const create = (region = 'eu-west-1') =>
  createDefaultRegistry({ region, certificates: { first: FIRST, second: SECOND, inactive: INACTIVE } });

test('the default registry has no problem', () => checkRegistry(create()));

for (const [name, change, message] of [
  ['a policy that does not read', (registry) => (registry.policies['x'] = { Version: 'x' }), /policy x: Version must be/],
  [
    'a policy that is not there',
    (registry) => registry.certificates[FIRST]?.policies.push('x'),
    /policy x is attached but not in the registry/,
  ],
  [
    'a policy that every object has',
    (registry) => registry.roles['sandbox-role']?.policies.push('toString'),
    /policy toString is attached/,
  ],
  ['a thing that is not there', (registry) => registry.certificates[FIRST]?.things.push('x'), /thing x is not in the registry/],
  ['an id that is none', (registry) => (registry.certificates['x'] = { status: 'ACTIVE', things: [], policies: [] }), /expected 64/],
] as [string, (registry: Registry) => void, RegExp][]) {
  test(`checkRegistry refuses ${name}`, () => {
    const registry = create();
    change(registry);
    assert.throws(() => checkRegistry(registry), message);
  });
}

test('entryOf finds only what was put there', () => {
  assert.equal(entryOf({ a: 1 }, 'a'), 1);
  assert.equal(entryOf({ a: 1 }, 'constructor'), undefined);
});

test('arn names the partition of the region', () => {
  assert.equal(arn(create(), 'client/x'), 'arn:aws:iot:eu-west-1:123456789012:client/x');
  assert.equal(arn(create('cn-north-1'), 'client/x'), 'arn:aws-cn:iot:cn-north-1:123456789012:client/x');
  assert.equal(arn(create('us-gov-west-1'), 'client/x'), 'arn:aws-us-gov:iot:us-gov-west-1:123456789012:client/x');
});

for (const [action, resource, clientId, expected] of [
  ['iot:Connect', 'client/sandbox-device', 'sandbox-device', true],
  ['iot:Connect', 'client/sandbox-second', 'sandbox-second', false],
  ['iot:Connect', 'client/test-1', 'test-1', true],
  ['iot:Publish', 'topic/devices/sandbox-device/x', 'sandbox-device', true],
  ['iot:Publish', 'topic/devices/sandbox-second/x', 'sandbox-device', false],
  ['iot:Publish', 'topic/devices/sandbox-device/x', 'test-1', false],
  ['iot:Subscribe', 'topicfilter/#', 'sandbox-device', false],
  ['iot:RetainPublish', 'topic/test/x', 'sandbox-device', false],
  ['iot:AssumeRoleWithCertificate', 'rolealias/sandbox-role-alias', undefined, true],
  ['iot:AssumeRoleWithCertificate', 'rolealias/other', undefined, false],
] as const) {
  test(`the first device ${expected ? 'may' : 'may not'} ${action} on ${resource} as ${clientId}`, () => {
    const registry = create();
    const principal = certificatePrincipal(registry, FIRST, '127.0.0.1');
    assert.equal(authorize(registry, principal, { action, resource, clientId }).allow, expected);
  });
}

test('a certificate that is deactivated loses every right at once, and a policy that breaks allows nothing', () => {
  const registry = create();
  const principal = certificatePrincipal(registry, FIRST, '127.0.0.1');
  const question = { action: 'iot:Connect', resource: 'client/test-1', clientId: 'test-1' };
  registry.policies['sandbox-device'] = { Version: 'broken' };
  assert.match(authorize(registry, principal, question).reason, /Version must be/);
  const fresh = create();
  const certificate = fresh.certificates[FIRST];
  if (certificate) certificate.status = 'INACTIVE';
  assert.equal(authorize(fresh, certificatePrincipal(fresh, FIRST, '127.0.0.1'), question).allow, false);
});
