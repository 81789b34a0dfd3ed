// `fleet drain` and `fleet undrain` against the stand-in, by AWS's own client, and a node that only pretends.

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { allProven, eventually, FLEET, fleetWorld, type FleetWorld } from '../../testing/fleet-world.ts';
import type { Clock } from '../../clock.ts';
import { patientClock } from '../../testing/fake-clock.ts';

const TOKEN = 'SECRETMARK';

interface PretendedNode {
  readonly admin: string;
  /** What it was told, and by whom. */
  readonly told: string[];
  tunnels: number;
  /** Of a second look on, so many less at each. */
  closesAtOnce: number;
  isDraining: boolean;
  troubles: number;
  /** At which rate it says that it drains. */
  rate: number;
  /** It says that it drains, and no more. */
  isVague: boolean;
}

async function pretendNode(t: TestContext): Promise<PretendedNode> {
  const server = createServer((request, response) => {
    void answer(request).then(({ status, value }) => response.writeHead(status).end(JSON.stringify(value)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const node: PretendedNode = { admin, told: [], tunnels: 100, closesAtOnce: 50, isDraining: false, troubles: 0, rate: 8, isVague: false };

  const answer = async (request: IncomingMessage): Promise<{ status: number; value: object }> => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, value: { error: 'a bearer token is needed' } };
    const path = request.url ?? '';
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      node.told.push(`${path} ${body} by ${String(request.headers['pinhole-actor'])}`);
      node.isDraining = path === '/drain';
      return { status: 200, value: { changed: true } };
    }
    if (path === '/drain' && node.isDraining) node.tunnels = Math.max(0, node.tunnels - node.closesAtOnce);
    const { tunnels, rate } = node;
    const phase = tunnels === 0 ? 'drained' : 'closing';
    const progress = { phase, tunnels, tunnelsAtFirst: 100, settleLeftMs: 0, rate, rateNow: rate, why: null, etaMs: 1_000 };
    const drain = node.isDraining ? progress : null;
    const reasons = node.isVague ? ['draining'] : [];
    const status = { version: '0.1.0', ready: !node.isDraining, reasons, tunnels, opensPerSecond: 0, troubles: node.troubles, drain };
    return { status: 200, value: path === '/drain' ? { drain } : status };
  };
  return node;
}

interface World extends FleetWorld {
  readonly a: PretendedNode;
  readonly b: PretendedNode;
}

/** Drains that begin at the same moment do so by the calendar too, and all of the time that resolvers are given is left. */
const fleetClock: Clock = { ...patientClock, wallMs: () => Date.UTC(2026, 0, 1) };

/** A fleet that was applied and is proven; its slots a and b have nodes. */
async function harness(t: TestContext): Promise<World> {
  const [a, b] = [await pretendNode(t), await pretendNode(t)];
  const world = await fleetWorld(t, { fleetClock });
  world.file = FLEET.replace('owner:', 'ttl: 5s\nowner:')
    .replace('203.0.113.1 }', `203.0.113.1, admin: "${a.admin}", token: ${TOKEN} }`)
    .replace('203.0.113.2 }', `203.0.113.2, admin: "${b.admin}", token: ${TOKEN} }`);
  await world.fleet('apply');
  await allProven(world.aws);
  return Object.assign(world, { a, b });
}

const WITHOUT_A = ['b m 2/-/5', 'c m 3/-/5', 'a w 1/0/5', 'b w 2/100/5', 'c w 3/100/5', 's w 4/0/5'];
const FULL = ['a m 1/-/5', 'b m 2/-/5', 'c m 3/-/5', 'a w 1/100/5', 'b w 2/100/5', 'c w 3/100/5', 's w 4/0/5'];

function marks({ aws }: World): string[] {
  return aws.checks.all().flatMap(({ tags }) => (tags.has('pinhole:drained') ? [tags.get('pinhole:slot') ?? ''] : []));
}

test('a slot loses its weight, then its node its tunnels; whoever reconciles meanwhile leaves it so; undrain brings it back', async (t) => {
  const world = await harness(t);
  const draining = world.fleet('drain', 'a');
  await eventually(() => world.records().includes('a w 1/0/5'));
  assert.deepEqual(world.a.told, [], 'the node is told later');
  const reconciled = await world.fleet('apply');
  assert.match(reconciled.out, /Drained, so without weight\n {2}\. a {2}drained since .*; `fleet undrain a` gives it its weight again/);
  assert.match(reconciled.out, /Nothing to change: zone and file agree\./);

  const { code, out, err } = await draining;
  assert.deepEqual([code, err], [0, ''], out);
  assert.deepEqual(world.a.told, ['/drain {"do":"now","rate":125} by fleet, somebody']);
  assert.deepEqual(world.records().toSorted(), WITHOUT_A.toSorted());
  assert.match(out, /^a: 100 tunnels on http:/);
  assert.match(out, /\n2 records changed in one batch\nthe change is on every name server of the zone\n/);
  assert.match(out, /\na: no weight since [^\n]*; resolvers have asked anew in 10 s \(2 x TTL\)\n/);
  assert.match(out, /\nclosing: 50 of 100 closed, 8 a second, 1s left\ndrained: no tunnel is left\n/);
  assert.match(out, /To bring it back, with a node that is ready:\n {2}pinhole fleet undrain a -c \/etc\/FLEET\.yaml\n$/);
  assert.doesNotMatch(out, /SECRETMARK/);
  const { out: status } = await world.fleet('status');
  assert.match(status, /^a {5}active {2}203\.0\.113\.1 {2}0, drained {2,}no {2,}/m);

  const back = await world.fleet('undrain', 'a');
  assert.deepEqual([back.code, back.err], [0, ''], back.out);
  assert.equal(world.a.told[1], '/undrain {} by fleet, somebody');
  assert.match(back.out, /^a: its node takes tunnels\n[^]*\na has the weight of the file again\.\n$/);
  assert.deepEqual([world.records().toSorted(), marks(world)], [FULL.toSorted(), []]);
  assert.match((await world.fleet('undrain', 'a')).out, /\na was not drained\.\n$/);
});

test('--json is one object a line', async (t) => {
  const world = await harness(t);
  const { code, out } = await world.fleet('drain', 'a', '--json');
  assert.equal(code, 0, out);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const events = lines.map(({ event }) => event);
  assert.deepEqual([...new Set(events)], ['step', 'progress', 'drained']);
  assert.match(String(lines.at(-1)?.['message']), /pinhole fleet undrain a/);
});

for (const [what, change, says] of [
  [
    'the guard rails refuse it',
    (world: World) => (world.file = world.file?.replace('minWeight: 1', 'minWeight: 300') ?? ''),
    /a keeps its weight: healthy weight would fall/,
  ],
  [
    'zone and file differ elsewhere',
    (world: World) => (world.file = world.file?.replace('203.0.113.3 }', '203.0.113.3, weight: 50 }') ?? ''),
    /zone and file differ elsewhere/,
  ],
  [
    'its node is not there',
    (world: World) => (world.file = world.file?.replace(world.a.admin, 'http://127.0.0.1:1025') ?? ''),
    /a does not answer: ECONNREFUSED; nothing was changed/,
  ],
  [
    'its node takes another token',
    (world: World) => (world.file = world.file?.replace(TOKEN, 'other') ?? ''),
    /a does not answer: its admin address answers 401; nothing was changed/,
  ],
  [
    'the file names no node',
    (world: World) => (world.file = world.file?.replace(/203\.0\.113\.1, .*\}/, '203.0.113.1 }') ?? ''),
    /a needs admin and token/,
  ],
] as const) {
  test(`nothing is changed where ${what}`, async (t) => {
    const world = await harness(t);
    change(world);
    const { code, err } = await world.fleet('drain', 'a');
    assert.equal(code, 1);
    assert.match(err, says);
    assert.deepEqual([world.records(), marks(world), world.a.told], [FULL, [], []]);
  });
}

test('drains of other nodes are taken off the close budget', async (t) => {
  const world = await harness(t);
  Object.assign(world.b, { isDraining: true, closesAtOnce: 0, rate: 120 });
  assert.equal((await world.fleet('drain', 'a')).code, 0);
  assert.equal(world.a.told[0], '/drain {"do":"now","rate":5} by fleet, somebody');
  await world.fleet('undrain', 'a');
  Object.assign(world.a, { isDraining: false, told: [], tunnels: 100 });
  world.b.rate = 125;
  const { code, err } = await world.fleet('drain', 'a');
  assert.equal(code, 1);
  assert.match(err, /other nodes drain at 125 a second already, of 125/);
  assert.deepEqual(marks(world), ['a'], 'it stays without weight, and the same command goes on');
});

/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:1025';

for (const [what, change, said] of [
  [
    'does not answer',
    (world: World) => (world.file = world.file?.replace(world.b.admin, NOBODY) ?? ''),
    'b does not answer (ECONNREFUSED): it may be draining, and counts with its share of the close budget, 41 a second',
  ],
  [
    'does not say how fast it drains',
    (world: World) => (world.b.isVague = true),
    'b does not say how fast it drains: it may be draining, and counts with its share of the close budget, 41 a second',
  ],
] as const) {
  test(`a node that ${what} takes its share of the close budget`, async (t) => {
    const world = await harness(t);
    change(world);
    const { code, out } = await world.fleet('drain', 'a');
    assert.equal(code, 0, out);
    assert.ok(out.split('\n').includes(said), out);
    assert.equal(world.a.told[0], '/drain {"do":"now","rate":84} by fleet, somebody');
  });
}

test('where silent nodes take all of the close budget the drain waits, and says which', async (t) => {
  const world = await harness(t);
  world.file = `quota: { connectsPerSecond: 10, closeShare: 0.2 }\n${world.file?.replace(world.b.admin, NOBODY).replace('203.0.113.3 }', `203.0.113.3, admin: "${NOBODY}" }`)}`;
  const { code, err } = await world.fleet('drain', 'a');
  assert.equal(code, 1);
  assert.match(err, /other nodes, and b, c by share, drain at 2 a second already, of 2 that the quota leaves for planned work/);
  assert.deepEqual([marks(world), world.a.told], [['a'], []]);
});

test('while the others refuse, the node is asked to go slower', async (t) => {
  const world = await harness(t);
  world.a.closesAtOnce = 1;
  const draining = world.fleet('drain', 'a');
  // Some looks are quiet ones.
  await eventually(() => world.a.tunnels < 90);
  const storm = setInterval(() => (world.b.troubles += 20), 20);
  t.after(() => clearInterval(storm));
  await eventually(() => world.a.told.some((told) => told.includes('"slow"')));
  assert.match(world.a.told[1] ?? '', /^\/drain \{"do":"slow","why":"b refused, failed or lost \d+ a second"\} by fleet/);
  world.a.tunnels = 0;
  assert.equal((await draining).code, 0);
});

test('weight that somebody gives back while it waits is seen, and the node is left alone', async (t) => {
  const world = await harness(t);
  const draining = world.fleet('drain', 'a');
  await eventually(() => world.records().includes('a w 1/0/5'));
  const zone = world.aws.zones.all()[0]!;
  const record = zone.records.find(({ setIdentifier, weight }) => setIdentifier === 'pinhole-eu/a' && weight !== undefined)!;
  world.aws.zones.change(zone.id, [{ action: 'UPSERT', record: { ...record, weight: 100 } }]);
  const { code, err } = await draining;
  assert.equal(code, 1);
  assert.match(err, /somebody has given a its weight again/);
  assert.deepEqual(world.a.told, []);
});

test('of two drains that begin at the same moment one gives its weight back, where the guard rails let one go', async (t) => {
  const world = await harness(t);
  world.file = (world.file ?? '').replace('withdrawnShare: 1', 'withdrawnShare: 0.34');
  const [first, second] = await Promise.all([world.fleet('drain', 'a'), world.fleet('drain', 'b')]);
  assert.deepEqual([first.code, second.code], [0, 1], second.err);
  assert.match(second.err, /b has its weight again: a was drained at the same moment, and with both 2 of 3 slots would be out/);
  assert.deepEqual(world.b.told, []);
  assert.ok(world.records().includes('b w 2/100/5'), world.records().join());
  assert.deepEqual(marks(world), ['a']);
});

test('a node that is started again, or undrained by somebody, is not taken for a drained one', async (t) => {
  const world = await harness(t);
  world.a.closesAtOnce = 1;
  const draining = world.fleet('drain', 'a');
  await eventually(() => world.a.tunnels < 95);
  world.a.isDraining = false;
  const { code, err } = await draining;
  assert.equal(code, 1);
  assert.match(err, /a does not drain any more/);
});

test('a drained slot stays drained when its check is replaced', async (t) => {
  const world = await harness(t);
  await world.fleet('drain', 'a');
  world.file = `${world.file}check: { interval: 30s }\n`;
  const applied = await world.fleet('apply');
  assert.equal(applied.code, 0, applied.err);
  assert.equal(world.aws.checks.all().length, 4);
  assert.deepEqual([marks(world), world.records().includes('a w 1/0/5')], [['a'], true]);
});

for (const [words, says] of [
  [['drain'], /^pinhole fleet: which slot\? pinhole fleet drain SLOT -c FLEET\.yaml\n$/],
  [['drain', 'x'], /^pinhole fleet: no slot x in \/etc\/FLEET\.yaml; there are a, b, c, s\n$/],
  [['undrain', 'x'], /^pinhole fleet: no slot x/],
  [['drain', 'a', 'b'], /^pinhole fleet: Unexpected argument 'b'/],
] as const) {
  test(`fleet ${words.join(' ')} is 64`, async (t) => {
    const { code, err } = await (await fleetWorld(t)).fleet(...words);
    assert.equal(code, 64);
    assert.match(err, says);
  });
}
