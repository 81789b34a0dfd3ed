import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from './decide.ts';
import { parsePolicy } from './document.ts';

const ARN = 'arn:aws:iot:eu-west-1:123456789012';
const allow = (action: string | string[], resource: string | string[], extra: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...extra,
});
const policy = (...statements: object[]) => [parsePolicy('p', { Version: '2012-10-17', Statement: statements })];

type Row = [name: string, statements: object[], action: string, resource: string, variables: Record<string, string>, expected: boolean];

const CLIENT = { 'iot:ClientId': 'd1', 'iot:Connection.Thing.ThingName': 'd1' };
const ROWS: Row[] = [
  ['nothing allowed', [], 'iot:Connect', `${ARN}:client/d1`, {}, false],
  ['an exact resource', [allow('iot:Connect', `${ARN}:client/d1`)], 'iot:Connect', `${ARN}:client/d1`, {}, true],
  ['another resource', [allow('iot:Connect', `${ARN}:client/d1`)], 'iot:Connect', `${ARN}:client/d11`, {}, false],
  ['another action', [allow('iot:Connect', '*')], 'iot:Publish', `${ARN}:topic/a`, {}, false],
  ['a wildcard action in other case', [allow('IoT:*', '*')], 'iot:Publish', `${ARN}:topic/a`, {}, true],
  ['a star over levels', [allow('iot:Publish', `${ARN}:topic/a/*`)], 'iot:Publish', `${ARN}:topic/a/b/c`, {}, true],
  ['a star that must end right', [allow('iot:Publish', `${ARN}:topic/*/end`)], 'iot:Publish', `${ARN}:topic/a/b/endx`, {}, false],
  ['a question mark', [allow('iot:Publish', `${ARN}:topic/a?c`)], 'iot:Publish', `${ARN}:topic/abc`, {}, true],
  ['a question mark needs a character', [allow('iot:Publish', `${ARN}:topic/a?`)], 'iot:Publish', `${ARN}:topic/a`, {}, false],
  ['MQTT wildcards are plain', [allow('iot:Subscribe', `${ARN}:topicfilter/a/#`)], 'iot:Subscribe', `${ARN}:topicfilter/a/b`, {}, false],
  [
    'the thing name',
    [allow('iot:Connect', `${ARN}:client/\${iot:Connection.Thing.ThingName}`)],
    'iot:Connect',
    `${ARN}:client/d1`,
    CLIENT,
    true,
  ],
  [
    'no thing name',
    [allow('iot:Connect', `${ARN}:client/\${iot:Connection.Thing.ThingName}`)],
    'iot:Connect',
    `${ARN}:client/d1`,
    {},
    false,
  ],
  [
    'a value is literal',
    [allow('iot:Publish', `${ARN}:topic/\${iot:ClientId}/x`)],
    'iot:Publish',
    `${ARN}:topic/any/x`,
    { 'iot:ClientId': '*' },
    false,
  ],
  ['an escape', [allow('iot:Publish', `${ARN}:topic/\${*}`)], 'iot:Publish', `${ARN}:topic/a`, {}, false],
  ['an escape, met', [allow('iot:Publish', `${ARN}:topic/\${*}`)], 'iot:Publish', `${ARN}:topic/*`, {}, true],
  [
    'a deny wins over an allow',
    [allow('iot:*', '*'), { Effect: 'Deny', Action: 'iot:Publish', Resource: `${ARN}:topic/private/*` }],
    'iot:Publish',
    `${ARN}:topic/private/x`,
    {},
    false,
  ],
  [
    'a deny elsewhere does not matter',
    [{ Effect: 'Deny', Action: 'iot:Publish', Resource: `${ARN}:topic/private/*` }, allow('iot:*', '*')],
    'iot:Publish',
    `${ARN}:topic/open`,
    {},
    true,
  ],
];

const CONDITIONS: [condition: object, variables: Record<string, string>, expected: boolean][] = [
  [{ Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } }, { 'iot:Connection.Thing.IsAttached': 'true' }, true],
  [{ Bool: { 'iot:Connection.Thing.IsAttached': 'true' } }, { 'iot:Connection.Thing.IsAttached': 'false' }, false],
  [{ Bool: { 'iot:Connection.Thing.IsAttached': 'true' } }, {}, false],
  [{ IpAddress: { 'aws:SourceIp': ['203.0.113.0/24'] } }, { 'aws:SourceIp': '203.0.113.9' }, true],
  [{ IpAddress: { 'aws:SourceIp': ['203.0.113.0/24'] } }, { 'aws:SourceIp': '198.51.100.1' }, false],
  [{ NotIpAddress: { 'aws:SourceIp': '203.0.113.9' } }, { 'aws:SourceIp': '203.0.113.9' }, false],
  [{ IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }, { 'aws:SourceIp': '2001:db8::1' }, true],
  [{ IpAddress: { 'aws:SourceIp': ['10.0.0.0/99', 'nonsense'] } }, { 'aws:SourceIp': '10.0.0.1' }, false],
  [{ StringEquals: { 'iot:ClientId': 'a*' } }, { 'iot:ClientId': 'abc' }, false],
  [{ StringLike: { 'iot:ClientId': 'a*' } }, { 'IOT:clientid': 'abc' }, true],
  [{ StringNotLike: { 'iot:ClientId': 'a*' } }, { 'iot:ClientId': 'abc' }, false],
  [{ StringNotEquals: { 'iot:ClientId': 'x' } }, {}, true],
  [{ StringEquals: { 'iot:ClientId': '${aws:userid}' } }, { 'iot:ClientId': '7', 'aws:userid': '7' }, true],
];

for (const [name, statements, action, resource, variables, expected] of ROWS) {
  test(`decide: ${name}`, () => assert.equal(decide(policy(...statements), { action, resource, variables }).allow, expected));
}

for (const [condition, variables, expected] of CONDITIONS) {
  test(`decide: ${JSON.stringify(condition)} with ${JSON.stringify(variables)}`, () => {
    const statements = policy(allow('iot:Connect', '*', { Condition: condition }));
    assert.equal(decide(statements, { action: 'iot:Connect', resource: 'x', variables }).allow, expected);
  });
}

test('decide stays quick on a pattern made to be slow', () => {
  const hostile = policy(allow('iot:Publish', `${'*a'.repeat(60)}*b`));
  const before = process.cpuUsage();
  assert.equal(decide(hostile, { action: 'iot:Publish', resource: 'a'.repeat(5_000), variables: {} }).allow, false);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});

for (const [document, message] of [
  [{ Version: '2008', Statement: [] }, /Version must be/],
  [{ Version: '2012-10-17', Statement: { Effect: 'Maybe', Action: 'a', Resource: 'r' } }, /statement 1: Effect must be/],
  [{ Version: '2012-10-17', Statement: { Effect: 'Allow', NotAction: 'a', Resource: 'r' } }, /NotAction is not understood/],
  [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: [], Resource: 'r' } }, /Action: expected a string/],
  [{ Version: '2012-10-17', Statement: allow('a', 'r', { Condition: { DateLessThan: {} } }) }, /DateLessThan is not understood/],
  ['[]', /expected an object/],
] as const) {
  test(`parsePolicy refuses ${JSON.stringify(document)}`, () => assert.throws(() => parsePolicy('p', document), message));
}
