// Everything that can go wrong with the zone: a clear word, and nothing lost.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Route53Client } from '@aws-sdk/client-route-53';
import type { AccessKeys } from '../../../sandbox/route53/api/signature.ts';
import { HandClock } from '../../../sandbox/route53/test/support/hand-clock.ts';
import { FLEET, type FleetWorld, fleetWorld } from '../../testing/fleet-world.ts';

function clientWith(credentials: Route53Client['config']['credentials'] | { accessKeyId: string; secretAccessKey: string }) {
  return (endpoint: string) => new Route53Client({ region: 'us-east-1', endpoint, maxAttempts: 1, credentials });
}

/** One line on standard error that begins with the code, exit 1, and with --json the same. */
async function fails(world: FleetWorld, command: 'plan' | 'apply', code: string, says: RegExp): Promise<void> {
  const { code: exit, err } = await world.fleet(command);
  assert.equal(exit, 1, err);
  assert.match(err, new RegExp(`^pinhole fleet: ${code}: [^\\n]+\\n$`));
  assert.match(err, says);
}

describe('credentials', () => {
  test('missing', async (t) => {
    const nothing = () =>
      Promise.reject(Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' }));
    await fails(
      await fleetWorld(t, { client: clientWith(nothing) }),
      'plan',
      'CREDENTIALS_MISSING',
      /set AWS_PROFILE, or AWS_ACCESS_KEY_ID/,
    );
  });

  for (const [name, key] of [
    ['unknown', { accessKeyId: 'NOBODY', secretAccessKey: 'x' }],
    ['with a wrong secret', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' }],
  ] as const) {
    test(name, async (t) => {
      const world = await fleetWorld(t, { client: clientWith(key) });
      await fails(world, 'apply', 'CREDENTIALS_REFUSED', /finding the zone example\.com: (?:InvalidClientTokenId|SignatureDoesNotMatch)/);
      assert.equal(world.aws.checks.all().length, 0);
    });
  }

  test('that may read and not write: the call that was refused is named, and what was done before is taken up later', async (t) => {
    const { fleetRun } = policies();
    const keys: AccessKeys = {
      FULL: { secretAccessKey: 's' },
      HALF: { secretAccessKey: 's', allow: fleetRun.filter((action) => action !== 'route53:ChangeResourceRecordSets') },
    };
    let accessKeyId = 'HALF';
    const world = await fleetWorld(t, { keys, client: (url) => clientWith({ accessKeyId, secretAccessKey: 's' })(url) });
    await fails(world, 'apply', 'CREDENTIALS_REFUSED', /changing the records: AccessDenied, .*route53:ChangeResourceRecordSets/);
    assert.deepEqual(world.records(), []);
    const made = world.aws.checks.all().map(({ id }) => id);
    assert.equal(made.length, 4);
    accessKeyId = 'FULL';
    assert.equal((await world.fleet('apply')).code, 0);
    assert.deepEqual(
      world.aws.checks.all().map(({ id }) => id),
      made,
    );
    assert.equal(world.records().length, 7);
  });
});

/** The actions that docs/fleet.md grants: to `fleet run`, and to `fleet plan`, which needs the first two statements without GetChange. */
function policies(): { fleetRun: string[]; fleetPlan: string[] } {
  const docs = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');
  const { Statement } = JSON.parse(/```json[^\n]*\n([^`]*)```/.exec(docs)?.[1] ?? '') as { Statement: { Action: string | string[] }[] };
  const actions = Statement.map(({ Action }) => [Action].flat());
  return {
    fleetRun: actions.flat(),
    fleetPlan: actions
      .slice(0, 2)
      .flat()
      .filter((action) => action !== 'route53:GetChange'),
  };
}

describe('the policies of docs/fleet.md', () => {
  test('are enough for plan and status', async (t) => {
    const keys: AccessKeys = { READER: { secretAccessKey: 's', allow: policies().fleetPlan } };
    const world = await fleetWorld(t, { keys, client: clientWith({ accessKeyId: 'READER', secretAccessKey: 's' }) });
    assert.equal((await world.fleet('plan')).code, 0);
    assert.equal((await world.fleet('status')).err, '');
    assert.equal((await world.fleet('apply')).code, 1);
  });

  test('are enough for apply, and grant nothing that is not used', async (t) => {
    const { fleetRun } = policies();
    const keys: AccessKeys = { WRITER: { secretAccessKey: 's', allow: fleetRun } };
    const world = await fleetWorld(t, { keys, client: clientWith({ accessKeyId: 'WRITER', secretAccessKey: 's' }) });
    const zone = world.aws.zones.all()[0]!.id;
    for (const file of [
      FLEET,
      `${FLEET}check: { threshold: 2 }\n`,
      `${FLEET}check: { interval: 30s }\n`,
      FLEET.replace('example.com\nowner', `${zone}\nowner`),
    ]) {
      world.file = file;
      const { code, err } = await world.fleet('apply');
      assert.equal(code, 0, err);
    }
    const used = Object.keys(world.aws.calls()).map((action) => `route53:${action}`);
    assert.deepEqual(used.sort(), [...new Set(fleetRun)].sort());
  });
});

describe('the zone', () => {
  test('is not there, by name and by id', async (t) => {
    const world = await fleetWorld(t, { zones: ['example.org'] });
    await fails(world, 'plan', 'ZONE_NOT_FOUND', /\(example\.com\)/);
    world.file = FLEET.replace('zone: example.com', 'zone: Z0NOTHERE');
    await fails(world, 'apply', 'ZONE_NOT_FOUND', /NoSuchHostedZone, No hosted zone found with ID: Z0NOTHERE/);
  });

  test('is there twice', async (t) => {
    const world = await fleetWorld(t);
    world.aws.zones.create('example.com', 'another');
    await fails(world, 'plan', 'ZONE_AMBIGUOUS', /example\.com: Z[0-9A-F]+, Z[0-9A-F]+/);
  });

  test('of the id does not hold the name', async (t) => {
    const world = await fleetWorld(t, { zones: ['example.org'] });
    world.file = FLEET.replace('zone: example.com', `zone: ${world.aws.zones.all()[0]!.id}`);
    await fails(world, 'apply', 'NAME_OUTSIDE_ZONE', /proxy\.example\.com in example\.org/);
  });

  test('has records of others under our name: nothing is changed, and plan shows them', async (t) => {
    const world = await fleetWorld(t);
    const zone = world.aws.zones.all()[0]!.id;
    world.aws.zones.change(zone, [{ action: 'CREATE', record: { name: 'proxy.example.com.', type: 'A', ttl: 60, values: ['192.0.2.1'] } }]);
    await fails(world, 'apply', 'RECORDS_OF_OTHERS', /proxy\.example\.com A \(192\.0\.2\.1\)/);
    assert.equal(world.aws.checks.all().length, 0);
    const planned = await world.fleet('plan');
    assert.equal(planned.code, 1);
    assert.match(planned.out, /Not ours, so nothing is changed\n {2}! proxy\.example\.com A \(192\.0\.2\.1\)/);
  });
});

describe('calls that are refused for a while', () => {
  for (const code of ['Throttling', 'PriorRequestNotComplete', 'ServiceUnavailable'] as const) {
    test(`${code} is asked again`, async (t) => {
      const world = await fleetWorld(t);
      world.aws.arm({ kind: 'refuse', code, times: 3, after: 2 });
      world.aws.arm({ kind: 'refuse', code, action: 'ChangeResourceRecordSets', times: 2 });
      const { code: exit, err } = await world.fleet('apply');
      assert.equal(exit, 0, err);
      assert.equal(world.records().length, 7);
      assert.equal(world.aws.calls()['ChangeResourceRecordSets'], 3);
    });
  }

  for (const [code, word] of [
    ['Throttling', 'THROTTLED'],
    ['PriorRequestNotComplete', 'ZONE_BUSY'],
  ] as const) {
    test(`${code} without end is ${word}`, async (t) => {
      const world = await fleetWorld(t);
      world.aws.arm({ kind: 'refuse', code, action: 'ChangeResourceRecordSets', times: 99 });
      await fails(world, 'apply', word, /changing the records/);
      assert.equal(world.aws.calls()['ChangeResourceRecordSets'], 8);
      assert.deepEqual(world.records(), []);
    });
  }

  test('a change that stays PENDING is ZONE_BUSY, and nothing is deleted behind it', async (t) => {
    const world = await fleetWorld(t, { clock: new HandClock(), propagationMs: 1 });
    await fails(world, 'apply', 'ZONE_BUSY', /still PENDING after 180 s/);
    assert.equal(world.records().length, 7);
  });
});

describe('the network is lost', () => {
  test('before the request came: it is made again', async (t) => {
    const world = await fleetWorld(t);
    world.aws.arm({ kind: 'lose-request', times: 2, after: 3 });
    assert.equal((await world.fleet('apply')).code, 0);
  });

  for (const action of ['CreateHealthCheck', 'ChangeTagsForResource', 'ChangeResourceRecordSets'] as const) {
    test(`after ${action} was done: doing it twice does no harm`, async (t) => {
      const world = await fleetWorld(t);
      world.aws.arm({ kind: 'lose-answer', action, times: 2 });
      const { code, err } = await world.fleet('apply');
      assert.equal(code, 0, err);
      assert.equal(world.aws.checks.all().length, 4);
      assert.equal(world.records().length, 7);
    });
  }

  test('after a deletion was done: it is seen that it is gone', async (t) => {
    const world = await fleetWorld(t);
    await world.fleet('apply');
    world.file = `${FLEET}check: { interval: 30s }\n`;
    world.aws.arm({ kind: 'lose-answer', action: 'DeleteHealthCheck' });
    const { code, err } = await world.fleet('apply');
    assert.equal(code, 0, err);
    assert.equal(world.aws.checks.all().length, 4);
  });

  test('a batch with a deletion, whose answer was lost, is looked at anew', async (t) => {
    const world = await fleetWorld(t);
    await world.fleet('apply');
    world.file = FLEET.replace(/ {2}- \{ id: s.*\n/, '');
    world.aws.arm({ kind: 'lose-answer', action: 'ChangeResourceRecordSets' });
    const { code, err, out } = await world.fleet('apply');
    assert.equal(code, 0, err);
    assert.match(out, /changing the records: the zone is not as it was read; reading it again/);
    assert.equal(world.aws.checks.all().length, 3, 'the check of the slot that is gone goes in the second round');
    assert.match((await world.fleet('plan')).out, /Nothing to change/);
  });

  test('and does not even refuse: a call is given up after its time', async (t) => {
    // Here, and not at the server: the time may be over before a call has come there.
    let sent = 0;
    const world = await fleetWorld(t, {
      client(endpoint) {
        const client = new Route53Client({
          region: 'us-east-1',
          endpoint,
          maxAttempts: 1,
          credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
          requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
        });
        client.middlewareStack.add((next) => (call) => ((sent += 1), next(call)), { step: 'initialize' });
        return client;
      },
    });
    world.aws.arm({ kind: 'silence', times: 8 });
    await fails(world, 'plan', 'NETWORK_LOST', /finding the zone example\.com: TimeoutError/);
    assert.equal(sent, 8);
  });

  test('for good', async (t) => {
    const world = await fleetWorld(t, {
      client: () =>
        new Route53Client({
          region: 'us-east-1',
          endpoint: 'http://127.0.0.1:1',
          maxAttempts: 1,
          credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
        }),
    });
    await fails(world, 'plan', 'NETWORK_LOST', /finding the zone example\.com: ECONNREFUSED/);
  });
});

describe('a batch that is refused', () => {
  test('once: the zone is read again', async (t) => {
    const world = await fleetWorld(t);
    world.aws.arm({ kind: 'refuse', code: 'InvalidChangeBatch', action: 'ChangeResourceRecordSets' });
    const { code, out } = await world.fleet('apply');
    assert.equal(code, 0);
    assert.match(out, /reading it again/);
    assert.equal(world.aws.checks.all().length, 4);
  });

  test('again and again: BATCH_REFUSED, the checks are there, and the next apply takes them up', async (t) => {
    const world = await fleetWorld(t);
    world.aws.arm({ kind: 'refuse', code: 'InvalidChangeBatch', action: 'ChangeResourceRecordSets', times: 3 });
    await fails(world, 'apply', 'BATCH_REFUSED', /changing the records: InvalidChangeBatch, on demand/);
    assert.deepEqual(world.records(), []);
    assert.equal(world.aws.checks.all().length, 4);
    assert.equal((await world.fleet('apply')).code, 0);
    assert.equal(world.aws.checks.all().length, 4);
  });

  test('by somebody who changes a check under our hands: CHANGED_MEANWHILE', async (t) => {
    const world = await fleetWorld(t);
    await world.fleet('apply');
    world.file = `${FLEET}check: { threshold: 2 }\n`;
    world.aws.arm({ kind: 'refuse', code: 'HealthCheckVersionMismatch', action: 'UpdateHealthCheck', times: 3 });
    await fails(world, 'apply', 'CHANGED_MEANWHILE', /changing the check [0-9a-f-]+ of a: HealthCheckVersionMismatch/);
    assert.equal((await world.fleet('apply')).code, 0);
  });
});

test('a check that was made and not marked, because the run was cut short, is taken up', async (t) => {
  const world = await fleetWorld(t);
  world.aws.arm({ kind: 'refuse', code: 'AccessDenied', action: 'ChangeTagsForResource' });
  await fails(world, 'apply', 'CREDENTIALS_REFUSED', /marking the check/);
  assert.equal(world.aws.checks.all().length, 4);
  assert.equal((await world.fleet('apply')).code, 0);
  assert.equal(world.aws.checks.all().length, 4);
  assert.ok(world.aws.checks.all().every(({ tags }) => tags.get('pinhole:owner') === 'pinhole-eu'));
});

test('a quota of the account', async (t) => {
  const world = await fleetWorld(t);
  world.aws.arm({ kind: 'refuse', code: 'TooManyHealthChecks', action: 'CreateHealthCheck', after: 2 });
  await fails(world, 'apply', 'QUOTA_REACHED', /making the check of c/);
  assert.deepEqual(world.records(), []);
});

test('an error that has no name here keeps its own words', async (t) => {
  const world = await fleetWorld(t);
  world.aws.arm({ kind: 'refuse', code: 'InvalidInput', action: 'CreateHealthCheck' });
  await fails(world, 'apply', 'API_FAILED', /making the check of a: InvalidInput, on demand/);
});

test('--json gives code and message', async (t) => {
  const world = await fleetWorld(t, { zones: [] });
  const { code, out } = await world.fleet('plan', '--json');
  assert.equal(code, 1);
  const said = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual([said['ok'], said['code']], [false, 'ZONE_NOT_FOUND']);
});

test('a file with mistakes: every one, exit 64, and Route 53 is not asked', async (t) => {
  const world = await fleetWorld(t);
  world.file = FLEET.replace('owner:', 'ownr:').replace('203.0.113.2', '203.0.113.300');
  const { code, out, err } = await world.fleet('apply');
  assert.equal(code, 64);
  assert.equal(out, '');
  assert.deepEqual(err.split('\n'), [
    '/etc/FLEET.yaml:3:1: ownr: unknown key; did you mean owner?',
    '/etc/FLEET.yaml:7:23: slots[1].address: "203.0.113.300": expected an IPv4 address',
    '',
  ]);
  assert.deepEqual(world.aws.calls(), {});
  const json = await world.fleet('plan', '--json');
  assert.equal((JSON.parse(json.out) as { problems: unknown[] }).problems.length, 2);
  world.file = null;
  assert.deepEqual(await world.fleet('plan'), { code: 64, out: '', err: '/etc/FLEET.yaml:1:1: cannot read the file (ENOENT)\n' });
});
