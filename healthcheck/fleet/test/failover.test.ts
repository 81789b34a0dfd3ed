// The promise itself, on the stand-in's clock: a dead node is out of DNS in under 110 s, and comes back by itself.

import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { type Probe, probe } from '../../../sandbox/route53/checkers/probe.ts';
import type { WorldClock } from '../../../sandbox/route53/clock.ts';
import { STATUS_TIMEOUT_MS } from '../../../sandbox/route53/limits.ts';
import type { Turn } from '../../../sandbox/route53/start.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { eventually, fleetWorld } from '../../testing/fleet-world.ts';
import { LEAVE_DNS_BELOW_S } from '../fleet.ts';

const HOSTS = ['127.0.54.1', '127.0.54.2', '127.0.54.3', '127.0.54.4'];
/** World seconds in a real one. */
const SPEED = 20;
const TICK_MS = 10;
/** Of a tick that is late, since this machine did something else meanwhile, no more than this counts. */
const TICK_MAX_MS = 20;

/** Moves by itself, in steps; a pause of this machine is none of the world's. */
function steppedClock(t: TestContext): WorldClock {
  const clock = new FakeClock();
  let beforeMs = performance.now();
  const ticker = setInterval(() => {
    const realMs = performance.now();
    clock.advance(Math.min(realMs - beforeMs, TICK_MAX_MS) * SPEED);
    beforeMs = realMs;
  }, TICK_MS);
  t.after(() => clearInterval(ticker));
  return { nowMs: () => clock.nowMs(), after: (delayMs, run) => clock.after(delayMs, run), toRealMs: (ms) => ms / SPEED };
}

/** The checkers' own question, its time on this clock: a pause of this machine must not make a node that is well look ill. */
function probeBy(clock: WorldClock): Probe {
  return (config) =>
    new Promise((resolve) => {
      const cancel = clock.after(STATUS_TIMEOUT_MS, () => resolve({ isGood: false, words: 'The endpoint did not answer in time.' }));
      void probe(config, (ms) => ms)
        .then(resolve)
        .finally(cancel);
    });
}

/** A node as the checkers see one: alive, saying no, or hanging. */
interface Node {
  says: 'ready' | 'closed' | 'nothing';
  readonly server: Server;
}

async function startNodes(t: TestContext): Promise<{ nodes: Map<string, Node>; port: number }> {
  const nodes = new Map<string, Node>();
  let port = 0;
  for (const host of HOSTS) {
    const node: Node = {
      says: 'ready',
      server: createServer((_, response) => {
        if (node.says !== 'nothing') response.writeHead(node.says === 'ready' ? 200 : 503).end(node.says);
      }),
    };
    await new Promise<void>((resolve, reject) => node.server.once('error', reject).listen(port, host, resolve));
    port = (node.server.address() as AddressInfo).port;
    nodes.set(host, node);
    t.after(() => stopNode(node));
  }
  return { nodes, port };
}

function stopNode({ server }: Node): void {
  server.close();
  server.closeAllConnections();
}

async function startFleet(t: TestContext) {
  const { nodes, port } = await startNodes(t);
  const turns: Turn[] = [];
  const clock = steppedClock(t);
  const world = await fleetWorld(t, { clock, probe: probeBy(clock), onTurn: (turn) => turns.push(turn) });
  world.file = `name: proxy.example.com
zone: example.com
owner: pinhole-eu
check: { port: ${port} }
slots:
${HOSTS.map((host, index) => `  - { id: s${index}, address: ${host}, role: ${index === 3 ? 'spare' : 'active'} }`).join('\n')}
`;
  const { code, err } = await world.fleet('apply');
  assert.equal(code, 0, err);
  const resolver = new dns.Resolver();
  resolver.setServers([`${world.aws.dns.host}:${world.aws.dns.port}`]);
  const answered = async (name = 'proxy.example.com'): Promise<string[]> => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => resolver.resolve4(name)));
    return [...new Set(answers.flat())].sort();
  };
  await eventually(() => world.aws.checks.all().every(({ id }) => world.aws.checkers.observations(id).length === 16));
  return { nodes, turns, world, answered };
}

for (const [name, fail] of [
  ['is killed', stopNode],
  ['says no', (node: Node) => void (node.says = 'closed')],
  ['hangs', (node: Node) => void (node.says = 'nothing')],
] as const) {
  test(`a node that ${name} is out of DNS in under ${LEAVE_DNS_BELOW_S} s, its cached answers included`, async (t) => {
    const { nodes, turns, world, answered } = await startFleet(t);
    assert.deepEqual(await answered(), HOSTS.slice(0, 3));
    const failedMs = world.aws.clock.nowMs();
    fail(nodes.get('127.0.54.2')!);
    await eventually(() => turns.length > 0);
    const { address, isHealthy, atMs } = turns[0]!;
    assert.deepEqual([address, isHealthy], ['127.0.54.2', false]);
    const seconds = (atMs - failedMs) / 1_000 + 60;
    assert.ok(seconds < LEAVE_DNS_BELOW_S, `${seconds} s`);
    assert.deepEqual(await answered(), ['127.0.54.1', '127.0.54.3']);
    assert.deepEqual(await answered('proxy-all.example.com'), ['127.0.54.1', '127.0.54.3']);
    // Nothing about this needed the API: zone and file still agree.
    assert.equal((await world.fleet('status')).code, 0);
  });
}

test('a node that comes back is served again', async (t) => {
  const { nodes, turns, answered } = await startFleet(t);
  const node = nodes.get('127.0.54.1')!;
  node.says = 'closed';
  await eventually(() => turns.length === 1);
  node.says = 'ready';
  await eventually(() => turns.length === 2);
  assert.equal(turns[1]?.isHealthy, true);
  assert.deepEqual(await answered(), HOSTS.slice(0, 3));
});

test('with every active node down the spare serves; with it down too, all are given, and nothing is taken out', async (t) => {
  const { nodes, turns, world, answered } = await startFleet(t);
  for (const host of HOSTS.slice(0, 3)) nodes.get(host)!.says = 'closed';
  await eventually(() => turns.length === 3);
  assert.deepEqual(await answered(), ['127.0.54.4']);
  nodes.get('127.0.54.4')!.says = 'closed';
  await eventually(() => turns.length === 4);
  assert.deepEqual(await answered(), HOSTS.slice(0, 3));

  world.file = world.file!.replace('127.0.54.1, role: active', '127.0.54.1, weight: 0');
  const { code, out } = await world.fleet('apply');
  assert.equal(code, 1);
  assert.match(out, /s0 refused: no slot with a weight is seen healthy/);
  assert.deepEqual(await answered(), HOSTS.slice(0, 3));
});
