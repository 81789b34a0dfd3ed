// A real node, as a run starts it, under the collector's eye. Its carriers are told from its other processes by how a node calls them, and a
// memory slope rests on that; its opens have the names of its own metrics, and whether k6 went through it is judged by them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ownFolder } from '../testing/folder.ts';
import { planRun } from '../plan.ts';
import { findScenario } from '../scenarios.ts';
import { Collector, pidsOfGroups } from './collector.ts';
import { Fleet } from './nodes.ts';
import { DATA_NAME, findPlaces } from './places.ts';
import { Processes } from './processes.ts';

const PINHOLE = join(import.meta.dirname, '..', '..', 'pinhole');
const CARRIERS = 2;

/** Takes connections, and says nothing. */
async function farEndIn(context: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** The status with which a proxy answers. */
async function connectTo(target: string, { host, port }: { host: string; port: number }): Promise<number | undefined> {
  const request = httpRequest({ host, port, method: 'CONNECT', path: target }).end();
  const [response, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => {}).destroy();
  return response.statusCode;
}

test(
  'of a node’s processes its carriers are known, each with its memory, and what it let through by its own count',
  { timeout: 90_000 },
  async (context) => {
    const scenario = { ...findScenario('hold')!, nodes: 1, tunnels: 100 };
    const planned = planRun(scenario, { cores: 2, availableMib: 9_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
    assert.ok(planned.ok);
    const { nodes } = await findPlaces({ nodes: 1, farEnds: 1, isIsolated: false, folder: ownFolder(context) });
    const endpoint = { data: DATA_NAME, to: [`127.0.0.1:${await farEndIn(context)}`], credentials: null, ca: null };
    const processes = new Processes();
    context.after(() => processes.stopAll());
    const fleet = new Fleet({
      ...{ pinhole: PINHOLE, processes, lead: () => {}, stop: new AbortController().signal },
      inputs: nodes.map((place) => ({ place, scenario, plan: { ...planned.plan, carriers: CARRIERS }, endpoint, tls: null })),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
    await fleet.startAll();
    const collector = new Collector({
      roles: () => ({ pinhole: { groups: fleet.groups } }),
      nodes: () => fleet.metrics,
      nowMs: Date.now,
      heard: () => {},
      askMs: 20_000,
    });
    assert.ok(pidsOfGroups(fleet.groups).length > CARRIERS);
    const first = await collector.sample();
    const [place] = nodes;
    assert.ok(place !== undefined);
    const door = { host: place.address, port: place.ports.agents };
    const targets = [`${DATA_NAME}:443`, `${DATA_NAME}:443`, 'other.test:443'];
    assert.deepEqual(await Promise.all(targets.map((target) => connectTo(target, door))), [200, 200, 403]);
    const second = await collector.sample();
    assert.deepEqual(
      [first, second].map((sample) => sample.nodes['eu-1a']?.opens),
      [{}, { OK: 2, TARGET_NOT_ALLOWED: 1 }],
    );
    for (const { carriersKib, roles } of [first, second]) {
      const all = roles['pinhole']?.userKib ?? 0;
      assert.equal(carriersKib.length, CARRIERS);
      for (const kib of carriersKib) assert.ok(kib > 1_000 && kib < all / 2, `${kib} of ${all} KiB`);
    }
    await fleet.stop();
  },
);
