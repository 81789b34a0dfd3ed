// plan, apply and status against the stand-in, by AWS's own client.

import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../clock.ts';
import { patientClock } from '../../testing/fake-clock.ts';
import { allProven, FLEET, fleetWorld } from '../../testing/fleet-world.ts';

const FULL = ['a m 1/-/60', 'b m 2/-/60', 'c m 3/-/60', 'a w 1/100/60', 'b w 2/100/60', 'c w 3/100/60', 's w 4/0/60'];
const WITHOUT_C = FLEET.replace('203.0.113.3 }', '203.0.113.3, weight: 0 }');

const CHANGES = ['ChangeResourceRecordSets', 'CreateHealthCheck', 'UpdateHealthCheck', 'DeleteHealthCheck', 'ChangeTagsForResource'];

test('plan changes nothing; apply does it; then there is nothing left to do', async (t) => {
  const world = await fleetWorld(t);
  const planned = await world.fleet('plan');
  assert.equal(planned.code, 0, planned.err);
  assert.match(planned.out, /\+ proxy\.example\.com pinhole-eu\/a {2}203\.0\.113\.1 weight 100 ttl 60/);
  assert.deepEqual(world.records(), []);

  const applied = await world.fleet('apply');
  assert.equal(applied.code, 0, applied.err);
  assert.deepEqual(world.records(), FULL);
  assert.match(applied.out, /7 records changed in one batch\nthe change is on every name server of the zone\n$/);
  assert.equal(world.aws.calls()['ChangeResourceRecordSets'], 1);

  const before = world.aws.calls();
  const again = await world.fleet('apply');
  assert.equal(again.code, 0);
  assert.match(again.out, /Nothing to change: zone and file agree\./);
  for (const action of CHANGES) assert.equal(world.aws.calls()[action], before[action], action);
});

test('what was made: one check for each slot, of the file’s kind, with our tags, on both records of the slot', async (t) => {
  const { aws, fleet } = await fleetWorld(t);
  await fleet('apply');
  const checks = aws.checks.all();
  assert.equal(checks.length, 4);
  const first = checks.find(({ config }) => config.address === '203.0.113.1');
  assert.deepEqual(first?.config, {
    address: '203.0.113.1',
    port: 443,
    threshold: 3,
    inverted: false,
    disabled: false,
    regions: [],
    path: '/ready',
    search: 'ready',
    host: 'proxy.example.com',
    type: 'HTTP_STR_MATCH',
    intervalS: 10,
    measureLatency: false,
    enableSni: false,
  });
  assert.deepEqual(Object.fromEntries(first?.tags ?? []), {
    Name: 'pinhole-eu/a',
    'pinhole:owner': 'pinhole-eu',
    'pinhole:name': 'proxy.example.com',
    'pinhole:slot': 'a',
  });
  const ids = aws.zones
    .all()[0]!
    .records.filter(({ setIdentifier }) => setIdentifier === 'pinhole-eu/a')
    .map(({ healthCheckId }) => healthCheckId);
  assert.deepEqual(ids, [first?.id, first?.id]);
});

for (const protocol of ['https', 'tcp'] as const) {
  test(`checks by ${protocol}, and from http to it and back`, async (t) => {
    const world = await fleetWorld(t);
    await world.fleet('apply');
    world.file = `${FLEET}check: { protocol: ${protocol} }\n`;
    assert.equal((await world.fleet('apply')).code, 0);
    const types = () => [...new Set(world.aws.checks.all().map(({ config }) => config.type))];
    assert.deepEqual(types(), [protocol === 'tcp' ? 'TCP' : 'HTTPS_STR_MATCH']);
    assert.equal(world.aws.checks.all().length, 4);
    world.file = FLEET;
    // The references of the first checks are used up for ever; others are taken.
    assert.equal((await world.fleet('apply')).code, 0);
    assert.deepEqual(types(), ['HTTP_STR_MATCH']);
    assert.match((await world.fleet('plan')).out, /Nothing to change/);
  });
}

test('agents are given what the file says', async (t) => {
  const { aws, fleet } = await fleetWorld(t);
  await fleet('apply');
  const resolver = new dns.Resolver();
  resolver.setServers([`${aws.dns.host}:${aws.dns.port}`]);
  const seen = new Set<string>();
  for (let round = 0; round < 60; round += 1) seen.add((await resolver.resolve4('proxy.example.com'))[0] ?? '');
  assert.deepEqual([...seen].sort(), ['203.0.113.1', '203.0.113.2', '203.0.113.3']);
  assert.deepEqual((await resolver.resolve4('proxy-all.example.com')).sort(), [...seen].sort());
});

test('a slot is emptied, and another one at the next apply', async (t) => {
  const world = await fleetWorld(t);
  await world.fleet('apply');
  await allProven(world.aws);
  world.file = WITHOUT_C.replace('203.0.113.2 }', '203.0.113.2, weight: 0 }');
  const first = await world.fleet('apply');
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /\. c waits: one slot at a time, and b is first/);
  assert.match(first.out, /Something waits: apply again in 120 s/);
  assert.deepEqual(world.records(), ['a m 1/-/60', 'c m 3/-/60', 'a w 1/100/60', 'b w 2/0/60', 'c w 3/100/60', 's w 4/0/60']);
  assert.equal((await world.fleet('apply')).code, 0);
  assert.deepEqual(world.records(), ['a m 1/-/60', 'a w 1/100/60', 'b w 2/0/60', 'c w 3/0/60', 's w 4/0/60']);
});

test('what the guard rails refuse is not done, and says 1', async (t) => {
  const world = await fleetWorld(t);
  await world.fleet('apply');
  await allProven(world.aws);
  world.file = WITHOUT_C.replace('minWeight: 1', 'minWeight: 200');
  assert.equal((await world.fleet('plan')).code, 0);
  world.file = WITHOUT_C.replace('minWeight: 1', 'minWeight: 200')
    .replace('203.0.113.2 }', '203.0.113.2, weight: 101 }')
    .replace('203.0.113.1 }', '203.0.113.1, weight: 99 }');
  const both = await world.fleet('plan', '--json');
  assert.equal(both.code, 0);
  assert.deepEqual(heldBackIn(both.out), ['c waits'], 'a gives one, b takes one');

  world.file = WITHOUT_C.replace('withdrawnShare: 1', 'withdrawnShare: 0.2');
  const planned = await world.fleet('plan');
  assert.equal(planned.code, 1);
  assert.match(planned.out, /! c refused: 1 of 3 slots would be out, more than guard\.withdrawnShare 0\.2 allows/);
  const said = await world.fleet('apply', '--json');
  assert.equal(said.code, 1);
  assert.deepEqual(heldBackIn(said.out), ['c refused']);
  assert.equal((JSON.parse(said.out) as { ok: boolean }).ok, false);
  assert.ok(world.records().includes('c w 3/100/60'));
});

function heldBackIn(json: string): string[] {
  const { heldBack } = JSON.parse(json) as { heldBack: { slot: string; how: string }[] };
  return heldBack.map(({ slot, how }) => `${slot} ${how}`);
}

test('a slot that is gone goes with its records, and its check when nothing hangs on it any more', async (t) => {
  const world = await fleetWorld(t);
  await world.fleet('apply');
  await allProven(world.aws);
  world.file = FLEET.replace(/ {2}- \{ id: c.*\n/, '');
  assert.equal((await world.fleet('apply')).code, 0);
  assert.deepEqual(world.records(), ['a m 1/-/60', 'b m 2/-/60', 'a w 1/100/60', 'b w 2/100/60', 's w 4/0/60']);
  assert.deepEqual(
    world.aws.checks
      .all()
      .map(({ config }) => config.address)
      .sort(),
    ['203.0.113.1', '203.0.113.2', '203.0.113.4'],
  );
});

test('health checks and records of others stay as they are', async (t) => {
  const world = await fleetWorld(t);
  const config = {
    type: 'TCP',
    address: '192.0.2.9',
    port: 1,
    intervalS: 30,
    threshold: 3,
    inverted: false,
    disabled: false,
    measureLatency: false,
    regions: [],
  } as const;
  const other = world.aws.checks.create('theirs', config).check.id;
  const alike = world.aws.checks.create('pinhole:pinhole-eu:of-another-tool', config).check.id;
  const zone = world.aws.zones.all()[0]!.id;
  world.aws.zones.change(zone, [{ action: 'CREATE', record: { name: 'proxy.example.com.', type: 'TXT', ttl: 60, values: ['"x"'] } }]);
  await world.fleet('apply');
  await world.fleet('apply');
  assert.deepEqual(world.aws.checks.find(other).version, 1);
  assert.deepEqual(world.aws.checks.find(alike).tags.size, 0);
  assert.ok(world.aws.zones.find(zone).records.some(({ type, name }) => type === 'TXT' && name === 'proxy.example.com.'));
});

test('a hundred slots, and as many health checks of other fleets: page after page, in one batch', async (t) => {
  const world = await fleetWorld(t, { probe: () => new Promise(() => {}) });
  const config = {
    type: 'TCP',
    port: 1,
    intervalS: 30,
    threshold: 3,
    inverted: false,
    disabled: true,
    measureLatency: false,
    regions: [],
  } as const;
  for (let index = 0; index < 100; index += 1) world.aws.checks.create(`other ${index}`, { ...config, address: `198.51.100.${index}` });
  const slots = Array.from({ length: 100 }, (_, index) => `  - { id: s${index}, address: 203.0.113.${index} }\n`);
  world.file = `${FLEET.slice(0, FLEET.indexOf('  - '))}${slots.join('')}`;
  const { code, err } = await world.fleet('apply');
  assert.equal(code, 0, err);
  assert.equal(world.records().length, 200);
  assert.equal(world.aws.calls()['ChangeResourceRecordSets'], 1);
  const before = world.aws.calls();
  assert.match((await world.fleet('plan')).out, /Nothing to change/);
  const pages = (action: string): number => (world.aws.calls()[action] ?? 0) - (before[action] ?? 0);
  assert.equal(pages('ListHealthChecks'), 2);
  assert.equal(pages('ListTagsForResources'), 10);
});

test('docs/fleet.md shows the plan of its own example', async (t) => {
  const docs = readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8');
  const world = await fleetWorld(t);
  world.file = /```yaml[^\n]*\n([^`]*)```/.exec(docs)?.[1] ?? '';
  const { out } = await world.fleet('plan');
  const shown = /\$ \.\/pinhole fleet plan -c FLEET\.yaml\n(proxy[^`]*)```/.exec(docs)?.[1];
  assert.equal(shown, out.replace(world.aws.zones.all()[0]!.id, 'Z0123456789ABCDEFGHIJ'));
});

test('two reconcilers at once make one of everything', async (t) => {
  const world = await fleetWorld(t);
  const results = await Promise.all([world.fleet('apply'), world.fleet('apply'), world.fleet('apply')]);
  for (const { code, err } of results) assert.equal(code, 0, err);
  assert.deepEqual(world.records(), FULL);
  assert.equal(world.aws.checks.all().length, 4);
  assert.match((await world.fleet('plan')).out, /Nothing to change/);

  await allProven(world.aws);
  world.file = `${WITHOUT_C}check: { threshold: 5 }\n`;
  const changed = await Promise.all([world.fleet('apply'), world.fleet('apply')]);
  for (const { code, err } of changed) assert.equal(code, 0, err);
  assert.match((await world.fleet('plan')).out, /Nothing to change/);
});

test('a zone by its id, and one with a private zone of the same name beside it', async (t) => {
  const world = await fleetWorld(t);
  world.aws.zones.create('example.com', 'private', true);
  assert.equal((await world.fleet('plan')).code, 0);
  const id = world.aws.zones.all().find(({ isPrivate }) => !isPrivate)!.id;
  world.file = FLEET.replace('zone: example.com', `zone: ${id}`);
  const { code, err } = await world.fleet('apply');
  assert.equal(code, 0, err);
  assert.equal(world.aws.zones.find(id).records.length, 9);
});

test('in the real pace nothing is throttled by an account’s 5 requests a second', async (t) => {
  const { aws, fleet } = await fleetWorld(t, { requestsPerSecond: 5, fleetClock: systemClock });
  const started = performance.now();
  assert.equal((await fleet('apply')).code, 0);
  const calls = Object.values(aws.calls()).reduce((sum, count) => sum + count, 0);
  // The zone, two names, the checks, four checks made and marked, the batch, and its state.
  assert.ok(calls <= 15, `${calls} calls: some were made again`);
  assert.ok(performance.now() - started > (calls - 1) * 240);
});

test('status: what is wanted beside what is, and 1 where they differ', async (t) => {
  const node = createServer((request, response) => {
    const isGood = request.headers.authorization === 'Bearer SECRET';
    response.writeHead(isGood ? 200 : 401);
    response.end(JSON.stringify({ version: '0.1.0', ready: true, reasons: [], tunnels: 17, opensPerSecond: 3 }));
  });
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  t.after(() => node.close());
  const admin = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const world = await fleetWorld(t, { fleetClock: patientClock });
  world.file = FLEET.replace('203.0.113.1 }', `203.0.113.1, admin: "${admin}", token: SECRET }`)
    .replace('203.0.113.2 }', `203.0.113.2, admin: "${admin}" }`)
    .replace('203.0.113.3 }', '203.0.113.3, admin: "http://127.0.0.1:1" }');
  const empty = await world.fleet('status');
  assert.equal(empty.code, 1);
  assert.match(empty.out, /\na {5}active {2}203\.0\.113\.1 {2}no record, wanted 100 {2}no, wanted yes {2}no check/);
  assert.match(empty.out, /`fleet apply` would do this:/);

  await world.fleet('apply');
  await allProven(world.aws);
  const { code, out } = await world.fleet('status');
  assert.equal(code, 0, out);
  const rows = out.split('\n').map((line) => line.split(/ {2,}/).join(' | '));
  assert.ok(rows.includes('a | active | 203.0.113.1 | 100 | yes | healthy, 16 of 16 | ready, 17 tunnels, 3 opens/s, version 0.1.0'), out);
  assert.ok(rows.includes('b | active | 203.0.113.2 | 100 | yes | healthy, 16 of 16 | its admin address answers 401'), out);
  assert.ok(
    rows.some((row) => row.startsWith('c | active | 203.0.113.3 | 100 | yes | healthy, 16 of 16 | ')),
    out,
  );
  assert.ok(rows.includes('s | spare | 203.0.113.4 | 0 | no | healthy, 16 of 16 | -'), out);
  assert.match(out, /\nZone and file agree\.\n$/);

  const { slots, settled } = JSON.parse((await world.fleet('status', '--json')).out) as {
    settled: boolean;
    slots: Record<string, unknown>[];
  };
  assert.equal(settled, true);
  assert.deepEqual(slots[0], {
    slot: 'a',
    role: 'active',
    address: '203.0.113.1',
    drainedSince: null,
    weight: { wanted: 100, actual: 100 },
    companion: { wanted: true, actual: true },
    healthy: true,
    verdict: { healthyCheckers: 16, checkers: 16 },
    opensPerSecondWanted: 166,
    node: { node: { version: '0.1.0', ready: true, reasons: [], tunnels: 17, opensPerSecond: 3, troubles: null, drain: null } },
  });
  assert.doesNotMatch(out, /SECRET/);
});

test('plan --json has the facts of the plan', async (t) => {
  const { fleet } = await fleetWorld(t);
  const { code, out } = await fleet('plan', '--json');
  assert.equal(code, 0);
  const plan = JSON.parse(out) as Record<string, unknown>;
  assert.equal(plan['settled'], false);
  assert.equal(plan['leaveDnsSeconds'], 108);
  assert.equal(plan['closesPerSecond'], 125);
  assert.equal((plan['records'] as unknown[]).length, 7);
  assert.deepEqual((plan['records'] as { after: unknown }[])[0]?.after, { address: '203.0.113.1', weight: '100', ttl: '60', check: 'new' });
});
