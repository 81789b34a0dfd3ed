import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { FarEndSeen } from '../run-record.ts';
import { Client } from '../testing/client.ts';
import { ownFolder } from '../testing/folder.ts';
import { startFarEnds } from './far-ends.ts';
import type { FarEnds } from './parts.ts';
import { Processes } from './processes.ts';

interface Started {
  readonly farEnds: FarEnds;
  readonly processes: Processes;
  readonly port: number;
  readonly said: FarEndSeen[];
}

/** Nobody else's: a port that was free a moment ago still is. */
const ADDRESS = '127.0.77.1';
const OTHER_ADDRESS = '127.0.77.2';

/** One process. */
async function started(context: TestContext, quota: number | null = null): Promise<Started> {
  const port = await freePort();
  const said: FarEndSeen[] = [];
  const plan = {
    addresses: [ADDRESS],
    port,
    quota,
    folder: ownFolder(context),
    heard: (_: number, seen: FarEndSeen) => void said.push(seen),
  };
  const processes = new Processes();
  const farEnds = await startFarEnds(plan, processes);
  context.after(() => farEnds.stop());
  return { farEnds, processes, port, said };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test('far ends answer, say what they saw each second, and are gone when they are stopped', { timeout: 60_000 }, async (context) => {
  const { farEnds, port, said } = await started(context);
  assert.deepEqual(farEnds.addresses, [`${ADDRESS}:${port}`]);
  const client = await Client.connected(context, port, ADDRESS);
  client.connect();
  await client.next();
  while (said.reduce((sum, { connects }) => sum + connects, 0) === 0) await tick();
  await farEnds.stop();
  assert.throws(() => process.kill(farEnds.pids[0]!, 0), { code: 'ESRCH' });
});

test('they die and come back by order, and are throttled by order', { timeout: 60_000 }, async (context) => {
  const { farEnds, port } = await started(context);
  const client = await Client.connected(context, port, ADDRESS);
  farEnds.die();
  assert.equal(await client.closed(), 1006);
  await farEnds.comeBack();
  farEnds.throttle(0);
  const sentAway = await Client.connected(context, port, ADDRESS);
  sentAway.connect();
  assert.partialDeepStrictEqual(await sentAway.next(), { returnCode: 3 });
});

test('whoever holds the processes can end them, where what comes after them does not start', { timeout: 60_000 }, async (context) => {
  const { farEnds, processes } = await started(context);
  assert.equal(farEnds.pids.length, 1);
  assert.deepEqual(processes.groups, farEnds.pids);
  await processes.stopAll();
  assert.throws(() => process.kill(farEnds.pids[0]!, 0), { code: 'ESRCH' });
});

test('one that dies unasked is an error with its last words', { timeout: 60_000 }, async (context) => {
  const { farEnds } = await started(context);
  process.kill(farEnds.pids[0]!, 'SIGKILL');
  await assert.rejects(farEnds.failed, /the far end on 127\.0\.77\.1 was ended by SIGKILL/);
});

test('a port that is taken is an error that says so, and nothing is left running', { timeout: 60_000 }, async (context) => {
  const { port } = await started(context);
  const processes = new Processes();
  const before = childrenOf(process.pid);
  // The second address is free, so that its far end listens while the first cannot.
  const plan = { addresses: [ADDRESS, OTHER_ADDRESS], port, quota: null, folder: ownFolder(context), heard: () => {} };
  await assert.rejects(startFarEnds(plan, processes), new RegExp(`the far end on 127\\.0\\.77\\.1 cannot listen: .*EADDRINUSE.*${port}`));
  assert.deepEqual(childrenOf(process.pid), before);
  const free = createServer().listen(port, OTHER_ADDRESS);
  await once(free, 'listening');
  free.close();
  assert.deepEqual(processes.groups, []);
});

/** By /proc, whoever started them. */
function childrenOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .filter((child) => child !== '')
    .sort();
}

function tick(): Promise<void> {
  return new Promise((done) => setTimeout(done, 50));
}
