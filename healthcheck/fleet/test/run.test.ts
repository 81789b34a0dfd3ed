// `fleet run`: what it mends, what it says, and when it keeps its hands off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allProven, FLEET, fleetWorld } from '../../testing/fleet-world.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Budget } from '../route53/budget.ts';
import { Caller } from '../route53/caller.ts';
import { Reconciler } from '../run.ts';
import { loadFleet } from '../load.ts';
import { Route53Client } from '@aws-sdk/client-route-53';
import type { TestContext } from 'node:test';

/** A reconciler whose rounds the test starts; its file, its clock and its zone are the test's. */
async function harness(t: TestContext) {
  const world = await fleetWorld(t);
  const clock = new FakeClock();
  const jumping = new FakeClock(true);
  const client = new Route53Client({ region: 'us-east-1', endpoint: world.aws.url, credentials: world.aws.accessKey, maxAttempts: 1 });
  t.after(() => client.destroy());
  let lines: string[] = [];
  const reconciler = new Reconciler({
    caller: new Caller({ client, budget: new Budget(jumping), clock: jumping, random: () => 0.5 }),
    // Its moments are the test's, its waits are none.
    clock: { nowMs: () => clock.nowMs(), wallMs: () => clock.wallMs(), after: (_, run) => jumping.after(0, run) },
    log: (level, event, facts = {}) => lines.push(`${level} ${event} ${JSON.stringify(facts)}`),
    load: () =>
      world.file === null
        ? { problems: [{ line: 1, column: 1, path: '', message: 'cannot read the file (ENOENT)' }] }
        : loadFleet(world.file, '/etc/FLEET.yaml', {}, () => ''),
  });
  /** One round; gives back what it said, without the steps. */
  const round = async (): Promise<string[]> => {
    lines = [];
    await reconciler.run();
    return lines.filter((line) => !line.startsWith('info step'));
  };
  return { ...{ world, clock, reconciler, round } };
}

const events = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ').slice(0, 2).join(' '));

test('the first round makes everything, the second nothing', async (t) => {
  const { world, round } = await harness(t);
  assert.deepEqual(events(await round()), ['info plan', 'info ran']);
  assert.equal(world.records().length, 7);
  assert.deepEqual(await round(), ['info ran {"changed":0,"heldBack":0,"healthyChecks":4,"checks":4}']);
});

test('what was changed by hand is said, and put right', async (t) => {
  const { world, round } = await harness(t);
  await round();
  const zone = world.aws.zones.all()[0]!;
  const record = zone.records.find(({ setIdentifier, weight }) => setIdentifier === 'pinhole-eu/b' && weight !== undefined)!;
  world.aws.zones.change(zone.id, [{ action: 'UPSERT', record: { ...record, weight: 1 } }]);
  const said = await round();
  assert.deepEqual(events(said), ['warn drift', 'info ran']);
  assert.match(said[0] ?? '', /~ proxy\.example\.com pinhole-eu\/b {2}weight 1 -> 100/);
  assert.ok(world.records().includes('b w 2/100/60'));
});

test('a change of the file is no drift', async (t) => {
  const { world, round } = await harness(t);
  await round();
  world.file = FLEET.replace('203.0.113.2 }', '203.0.113.2, weight: 150 }');
  assert.deepEqual(events(await round()), ['info plan', 'info ran']);
  assert.ok(world.records().includes('b w 2/150/60'));
});

test('one withdrawal in two TTLs, none right after the start, and what waits is said once', async (t) => {
  const { world, clock, round } = await harness(t);
  await round();
  await allProven(world.aws);
  world.file = FLEET.replaceAll(/113\.([12]) \}/g, '113.$1, weight: 0 }');
  const weights = (): string[] => world.records().filter((line) => line.includes(' w '));

  assert.deepEqual(events(await round()), ['info held-back', 'info held-back', 'info ran']);
  assert.deepEqual(weights(), ['a w 1/100/60', 'b w 2/100/60', 'c w 3/100/60', 's w 4/0/60']);
  assert.deepEqual(events(await round()), ['info ran']);

  clock.advance(120_000);
  await round();
  assert.deepEqual(weights(), ['a w 1/0/60', 'b w 2/100/60', 'c w 3/100/60', 's w 4/0/60']);
  clock.advance(119_999);
  await round();
  assert.deepEqual(weights(), ['a w 1/0/60', 'b w 2/100/60', 'c w 3/100/60', 's w 4/0/60']);
  clock.advance(1);
  await round();
  assert.deepEqual(weights(), ['a w 1/0/60', 'b w 2/0/60', 'c w 3/100/60', 's w 4/0/60']);
});

test('a withdrawal by somebody else counts as well: two reconcilers take no more than one', async (t) => {
  const { world, clock, round } = await harness(t);
  await round();
  await allProven(world.aws);
  clock.advance(600_000);
  await round();
  // The other one has the same file, and takes the first slot a moment before us.
  world.file = FLEET.replaceAll(/113\.([12]) \}/g, '113.$1, weight: 0 }');
  assert.equal((await world.fleet('apply')).code, 0);
  assert.ok(world.records().includes('a w 1/0/60'));
  await round();
  assert.ok(world.records().includes('b w 2/100/60'));
  clock.advance(120_000);
  await round();
  assert.ok(world.records().includes('b w 2/0/60'));
});

test('a withdrawal whose end was not seen counts from its beginning', async (t) => {
  const { world, clock, round } = await harness(t);
  await round();
  await allProven(world.aws);
  clock.advance(600_000);
  world.file = FLEET.replaceAll(/113\.([12]) \}/g, '113.$1, weight: 0 }');
  world.aws.arm({ kind: 'refuse', code: 'AccessDenied', action: 'GetChange' });
  assert.match((await round()).at(-1) ?? '', /^error failed .*waiting for the change to be everywhere/);
  assert.ok(world.records().includes('a w 1/0/60'));
  await round();
  assert.ok(world.records().includes('b w 2/100/60'));
});

for (const [name, file, says] of [
  ['missing', null, /cannot read the file \(ENOENT\)/],
  ['bad', FLEET.replace('id: b', 'id: a'), /7:11: slots\[1\]\.id: a is the id of slots\[0\] already/],
  ['empty', '', /the file is empty/],
] as const) {
  test(`a file that is ${name} changes nothing, and is said; then it goes on`, async (t) => {
    const { world, round } = await harness(t);
    await round();
    const before = world.aws.calls();
    world.file = file;
    const [said = '', ...more] = await round();
    assert.deepEqual(more, []);
    assert.match(said, /^error file-bad /);
    assert.match(said, says);
    assert.deepEqual(world.aws.calls(), before);
    world.file = FLEET;
    assert.deepEqual(events(await round()), ['info ran']);
  });
}

for (const action of ['ListResourceRecordSets', 'ListHealthChecks', 'GetHealthCheckStatus', 'ListTagsForResources'] as const) {
  test(`where ${action} does not answer, nothing is changed`, async (t) => {
    const { world, round } = await harness(t);
    await round();
    await allProven(world.aws);
    const records = world.records();
    const before = world.aws.calls();
    world.file = FLEET.replace('203.0.113.2 }', '203.0.113.2, weight: 0 }').replace('203.0.113.1 }', '203.0.113.1, weight: 200 }');
    world.aws.arm({ kind: 'refuse', code: 'ServiceUnavailable', action, times: 8 });
    const [said = '', ...more] = await round();
    assert.deepEqual(more, []);
    assert.match(said, /^error failed \{"code":"API_FAILED"/);
    assert.deepEqual(world.records(), records);
    for (const change of ['ChangeResourceRecordSets', 'CreateHealthCheck', 'UpdateHealthCheck', 'DeleteHealthCheck'])
      assert.equal(world.aws.calls()[change], before[change], change);
    assert.deepEqual(events(await round()).at(-1), 'info ran');
  });
}

test('two calls at once are one round, unless it has to be anew', async (t) => {
  const { world, reconciler } = await harness(t);
  await Promise.all([reconciler.run(), reconciler.run()]);
  assert.equal(world.aws.calls()['ListHealthChecks'], 1);
  void reconciler.run();
  await reconciler.runAnew();
  assert.equal(world.aws.calls()['ListHealthChecks'], 3, 'anew is another one');
  await reconciler.idle();
});

test('the command: a round at once, another on SIGHUP, an end in order on SIGTERM', async (t) => {
  const world = await fleetWorld(t);
  const run = world.start();
  await run.until('ran');
  assert.equal(world.records().length, 7);
  world.file = FLEET.replace('203.0.113.2 }', '203.0.113.2, weight: 150 }');
  const from = run.lines().length;
  run.signal('SIGHUP');
  await run.until('ran', from);
  assert.ok(world.records().includes('b w 2/150/60'));
  run.signal('SIGHUP');
  run.signal('SIGTERM');
  assert.equal(await run.ended, 0);
  const said = run.lines().map(({ event }) => event);
  assert.equal(said[0], 'started');
  assert.equal(said.at(-1), 'stopped');
  assert.equal(said.at(-2), 'ran', 'the round that was under way has ended');
  for (const line of run.lines()) assert.match(String(line['time']), /^\d{4}-.*Z$/);
});

test('the command with a bad file at its start is 64', async (t) => {
  const world = await fleetWorld(t);
  world.file = 'name: x\n';
  assert.equal(await world.start().ended, 64);
});
