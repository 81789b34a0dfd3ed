// What a device may do, asked of the policy engine of our stand-in of AWS IoT: its own, whichever way it comes, and nobody else's.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { parseArgs } from 'node:util';
import { parseOptions } from '../../agent/options.ts';
import { decide } from '../../sandbox/aws-iot/policy/decide.ts';
import { parsePolicy } from '../../sandbox/aws-iot/policy/document.ts';
import { goodStage, stageText } from '../testing/synth.ts';
import { agentLine } from './agent-line.ts';
import { claimTemplate } from './claim-template.ts';
import { claimPolicy, credentialsPolicy, devicePolicy } from './policies.ts';

const STAGE = goodStage(stageText('example'));
const ARN = 'arn:aws:iot:eu-west-1:123456789012';
const OF_CERTIFICATE = { 'iot:Connection.Thing.ThingName': 'pump-1', 'iot:Connection.Thing.IsAttached': 'true' };
const OF_CREDENTIALS = { 'credentials-iot:ThingName': 'pump-1' };

const ROWS: readonly (readonly [what: string, action: string, resource: string, allowed: boolean])[] = [
  ['connect under its own name', 'iot:Connect', 'client/pump-1', true],
  ['connect under another name', 'iot:Connect', 'client/pump-2', false],
  ['connect under a longer name', 'iot:Connect', 'client/pump-11', false],
  ['publish on its own topics', 'iot:Publish', 'topic/dt/pinhole/pump-1/hello', true],
  ['publish on those of another', 'iot:Publish', 'topic/dt/pinhole/pump-2/hello', false],
  ['receive what is on its own', 'iot:Receive', 'topic/dt/pinhole/pump-1/commands/reset', true],
  ['subscribe to its own', 'iot:Subscribe', 'topicfilter/dt/pinhole/pump-1/#', true],
  ['subscribe to everybody’s', 'iot:Subscribe', 'topicfilter/dt/pinhole/#', false],
  ['update its shadow', 'iot:Publish', 'topic/$aws/things/pump-1/shadow/update', true],
  ['update another’s shadow', 'iot:Publish', 'topic/$aws/things/pump-2/shadow/update', false],
  ['ask for its jobs', 'iot:Publish', 'topic/$aws/things/pump-1/jobs/get', true],
  ['publish under a rule', 'iot:Publish', 'topic/$aws/rules/all/x', false],
];

for (const [who, document, variables] of [
  ['a certificate', devicePolicy(STAGE), OF_CERTIFICATE],
  ['temporary credentials', credentialsPolicy(STAGE), OF_CREDENTIALS],
] as const) {
  describe(who, () => {
    const policies = [parsePolicy('p', document)];
    for (const [what, action, resource, allowed] of ROWS) {
      test(`${allowed ? 'may' : 'may not'} ${what}`, () => {
        assert.equal(decide(policies, { action, resource: `${ARN}:${resource}`, variables }).allow, allowed);
      });
    }
  });
}

test('a certificate may have credentials of its own alias, and of no other', () => {
  const policies = [parsePolicy('p', devicePolicy(STAGE))];
  const asks = (alias: string) =>
    decide(policies, { action: 'iot:AssumeRoleWithCertificate', resource: `${ARN}:rolealias/${alias}`, variables: {} }).allow;
  assert.deepEqual([asks('pinhole-example-device'), asks('admin')], [true, false]);
});

test('a certificate without a thing may do nothing: its name would be empty', () => {
  const policies = [parsePolicy('p', devicePolicy(STAGE))];
  const variables = { 'iot:Connection.Thing.IsAttached': 'false' };
  for (const [, action, resource] of ROWS)
    assert.equal(decide(policies, { action, resource: `${ARN}:${resource}`, variables }).allow, false, resource);
});

test('a claim may make a certificate and a device, and cannot speak for one', () => {
  const policies = [parsePolicy('p', claimPolicy(STAGE))];
  const may = (action: string, resource: string) => decide(policies, { action, resource: `${ARN}:${resource}`, variables: {} }).allow;
  assert.ok(may('iot:Publish', 'topic/$aws/certificates/create-from-csr/json'));
  assert.ok(may('iot:Publish', 'topic/$aws/provisioning-templates/pinhole-example-claim/provision/json'));
  for (const [, action, resource] of ROWS) assert.ok(!may(action, resource), resource);
});

test('what a claim makes hangs on the policy, the type and the group of the stage', () => {
  const text = JSON.stringify(claimTemplate(STAGE));
  for (const name of ['pinhole-example-device', 'pinhole-device', 'pinhole-devices']) assert.ok(text.includes(`"${name}"`), name);
});

test('a claim that was stolen makes nobody who is there already', () => {
  const { Resources } = claimTemplate(STAGE) as { Resources: Record<string, { OverrideSettings?: Record<string, string> }> };
  // All three that a thing has (IoT developer guide, provisioning templates): FAIL is the one word that does not give the thing away.
  assert.deepEqual(Resources['thing']?.OverrideSettings, { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' });
});

test('the line for the agent is one word where it means one, whatever the folder is called', () => {
  for (const folder of ['my devices/pump', "it's", '$(touch /tmp/x)', 'a;b', 'é', '*']) {
    const line = agentLine(STAGE, 'pump-1', folder) ?? '';
    const words = execFileSync('sh', ['-c', `set -- ${line}; printf '%s\\n' "$@"`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    assert.equal(words[words.indexOf('--key') + 1], `${folder}/private.key`);
  }
});

test('the line for the agent is one that the agent takes, on a topic that the device may use', () => {
  const line = agentLine(STAGE, 'pump-1');
  assert.ok(line !== null);
  const [program, command, ...args] = line.split(' ');
  assert.deepEqual([program, command], ['./pinhole', 'agent']);
  assert.equal(parseOptions(args).kind, 'options', JSON.stringify(parseOptions(args)));
  const { values } = parseArgs({ args, options: { topic: { type: 'string' } }, strict: false });
  const policies = [parsePolicy('p', credentialsPolicy(STAGE))];
  assert.ok(
    decide(policies, { action: 'iot:Publish', resource: `${ARN}:topic/${String(values['topic'])}`, variables: OF_CREDENTIALS }).allow,
  );
});
