// What the timeline asks for, at parts that take notes in place of real ones.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ownFolder } from '../testing/folder.ts';
import type { Stage } from './conduct.ts';
import type { Fleet } from './nodes.ts';
import type { FarEnds } from './parts.ts';
import { Processes } from './processes.ts';
import { stageOf } from './stage.ts';
import type { World } from './world.ts';

const ORDERS = ['kill', 'start', 'drain', 'undrain', 'upgrade', 'throttle', 'die', 'comeBack'] as const;

interface Made {
  readonly stage: Stage;
  /** Orders that came to a fleet or to far ends. */
  readonly orders: unknown[];
  readonly notes: string[];
  readonly broken: string[];
}

/** `port`: at which both nodes let agents in, and say how they are. */
function made(
  context: TestContext,
  { port = 1, metrics = {}, isEmpty = false }: { port?: number; metrics?: Fleet['metrics']; isEmpty?: boolean },
): Made {
  const [orders, notes, broken]: [unknown[], string[], string[]] = [[], [], []];
  const parts = Object.fromEntries(
    ORDERS.map((order) => [order, (value: unknown) => orders.push(value === undefined ? order : [order, value])]),
  );
  const nodes = ['eu-1a', 'eu-1b'].map((name) => ({
    name,
    address: '127.0.0.1',
    ports: { agents: port, health: port, admin: 1 },
    folder: '/none',
  }));
  const world = {
    places: { nodes, farEnds: [], farEndPort: 0 },
    fleet: isEmpty ? null : ({ ...parts, metrics } as unknown as Fleet),
    farEnds: isEmpty ? null : (parts as unknown as FarEnds),
  } as unknown as World;
  const processes = new Processes();
  context.after(() => processes.stopAll());
  const stage = stageOf({
    ...{ world, processes, folder: ownFolder(context), agents: () => ({ established: 3, wanted: 4 }), agentsKnownUntilMs: () => 5 },
    note: (what) => notes.push(what),
    broke: (error) => broken.push(error.message),
  });
  return { stage, orders, notes, broken };
}

test('each order goes to whom it is for, and no other', async (context) => {
  const { stage, orders } = made(context, {});
  await stage.kill(0);
  await stage.start(1);
  stage.drain(0);
  await stage.undrain(1);
  await stage.upgrade(0);
  stage.throttle(50);
  stage.farEndDies();
  await stage.farEndReturns();
  assert.deepEqual(orders, [['kill', 0], ['start', 1], ['drain', 0], ['undrain', 1], ['upgrade', 0], ['throttle', 50], 'die', 'comeBack']);
  assert.deepEqual([stage.nodeName(1), stage.agents(), stage.agentsKnownUntilMs()], ['eu-1b', { established: 3, wanted: 4 }, 5]);
});

test('an order to what the run does not have says so', (context) => {
  const { stage } = made(context, { isEmpty: true });
  assert.throws(() => stage.drain(0), /^Error: this run has no node of Pinhole$/);
  assert.throws(() => stage.throttle(1), /^Error: the stand-in of AWS IoT takes no orders$/);
  assert.throws(() => stage.nodeName(2), /^Error: there is no node 2$/);
});

test('what a node holds is what it says itself, and unknown of one that is dead or says nothing', async (context) => {
  const server = createServer((_, response) => response.end('pinhole_tunnels{door="connect"} 7\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const metrics = { 'eu-1a': `http://127.0.0.1:${address.port}/metrics`, 'eu-1b': null };
  const { stage } = made(context, { metrics });
  assert.deepEqual([await stage.tunnelsOf(0), await stage.tunnelsOf(1)], [7, null]);
  const { stage: silent } = made(context, { metrics: { 'eu-1a': 'http://127.0.0.1:1/metrics' } });
  assert.equal(await silent.tunnelsOf(0), null);
});

test('a flood goes to the door of the nodes for the endpoint, and how it fared is noted', { timeout: 60_000 }, async (context) => {
  const asked = new Set<string>();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', (request, socket) => {
    asked.add(request.url ?? '');
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 TARGET_NOT_ALLOWED\r\n\r\n');
  });
  await once(server, 'listening');
  context.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { stage, notes, broken } = made(context, { port: address.port });
  stage.hostile({ after: 0, do: 'flood', kind: 'refused', perSecond: 10, seconds: 5 });
  while (notes.length + broken.length === 0) await delay(50);
  assert.deepEqual(broken, []);
  assert.match(notes.join(), /^of the refused: \d+ 403 TARGET_NOT_ALLOWED/);
  assert.ok(asked.size > 0);
});

test('hostile clients that come to nothing break the run', { timeout: 60_000 }, async (context) => {
  const { stage, notes, broken } = made(context, {});
  stage.hostile({ after: 0, do: 'slow-readers', count: 2, bytesPerSecond: 0, seconds: 5 });
  while (notes.length + broken.length === 0) await delay(50);
  assert.deepEqual(notes, []);
  assert.match(broken.join(), /^of 2 slow-readers 0 had a tunnel to the end/);
});
