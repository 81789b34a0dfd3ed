// A fleet whose nodes are a script that does what each case needs, and an HTTP server that says they are ready.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { planRun } from '../plan.ts';
import { findScenario } from '../scenarios.ts';
import { ownFolder } from '../testing/folder.ts';
import { pidsOfGroups } from './collector.ts';
import { Fleet } from './nodes.ts';
import { Processes } from './processes.ts';

interface Made {
  readonly fleet: Fleet;
  readonly processes: Processes;
  readonly stop: AbortController;
  /** Where the fleet's name led, each time that it was set. */
  readonly led: string[][];
}

const ADDRESSES = ['127.0.0.1', '127.0.0.2'];

/** `script`: what `pinhole` does; `$1` is the command. */
async function fleetOf(context: TestContext, script: string, { isReady = true, nodes = 1 } = {}): Promise<Made> {
  const folder = ownFolder(context);
  const pinhole = join(folder, 'pinhole');
  writeFileSync(pinhole, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const processes = new Processes();
  const stop = new AbortController();
  context.after(() => processes.stopAll());
  const scenario = { ...findScenario('hold')!, nodes };
  const planned = planRun(scenario, { cores: 2, availableMib: 9_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
  assert.ok(planned.ok);
  const { plan } = planned;
  const places = ADDRESSES.slice(0, nodes).map(async (address, index) => ({
    name: `n${index + 1}`,
    address,
    ports: { agents: 1, health: await healthAt(context, address, isReady), admin: 2 },
    folder: join(folder, `n${index + 1}`),
  }));
  const endpoint = { data: 'iot.test', to: ['127.0.0.1:1'], credentials: null, ca: null };
  const led: string[][] = [];
  const fleet = new Fleet({
    inputs: (await Promise.all(places)).map((place) => ({ place, scenario, plan, endpoint, tls: null })),
    ...{ pinhole, processes, env: { PATH: process.env['PATH'] }, stop: stop.signal },
    lead: (addresses) => led.push([...addresses]),
  });
  return { fleet, processes, stop, led };
}

/** The port at which a node says whether it is ready. */
async function healthAt(context: TestContext, address: string, isReady: boolean): Promise<number> {
  const health = createServer((_, response) => response.writeHead(isReady ? 200 : 503).end()).listen(0, address);
  await once(health, 'listening');
  context.after(() => health.close());
  const found = health.address();
  assert.ok(typeof found === 'object' && found !== null);
  return found.port;
}

/** One that is dead, and whose parent has not taken notice, has no command line. */
function living(group: number): number[] {
  return pidsOfGroups([group]).filter((pid) => commandLine(pid) !== '');
}

/** None either of one that goes while it is looked at. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const SERVES = 'exec sleep 60';

test('a drain that fails is a failure of the run, with its last words', { timeout: 30_000 }, async (context) => {
  const { fleet } = await fleetOf(context, `case $1 in serve) ${SERVES};; drain) echo 'no carrier answers'; exit 1;; esac`);
  await fleet.start(0);
  fleet.drain(0);
  await assert.rejects(fleet.failed, /`pinhole drain` of n1 ended with exit code 1; its last lines:\n {2}no carrier answers$/);
});

test('one that is over in order is none, nor one that is ended by taking the node back', { timeout: 30_000 }, async (context) => {
  for (const drain of ['exit 0', 'sleep 1; exit 1']) {
    const { fleet, processes } = await fleetOf(context, `case $1 in serve) ${SERVES};; drain) ${drain};; esac`);
    await fleet.start(0);
    fleet.drain(0);
    await fleet.undrain(0);
    const failed = fleet.failed.then(
      () => 'it failed',
      (error: Error) => error.message,
    );
    assert.equal(await Promise.race([failed, new Promise((done) => setTimeout(done, 1_500, 'nothing'))]), 'nothing');
    await fleet.stop();
    assert.deepEqual(processes.groups, []);
  }
});

test(
  'the name leads to whoever is ready, not to a node in its drain, and to it again once it is taken back',
  { timeout: 30_000 },
  async (context) => {
    const { fleet, led } = await fleetOf(context, `case $1 in serve) ${SERVES};; drain) exec sleep 60;; esac`, { nodes: 2 });
    await fleet.start(0);
    await fleet.start(1);
    fleet.drain(0);
    assert.deepEqual(led, [['127.0.0.1'], ['127.0.0.1', '127.0.0.2'], ['127.0.0.2']]);
    const undrained = fleet.undrain(0);
    assert.equal(led.length, 3, 'not before the node knows of it');
    await undrained;
    assert.deepEqual(led.slice(3), [['127.0.0.1', '127.0.0.2']]);
  },
);

test('a node that cannot be taken back is led to by no name', { timeout: 30_000 }, async (context) => {
  const { fleet, led } = await fleetOf(context, `case $1 in serve) ${SERVES};; drain) exec sleep 60;; undrain) exit 1;; esac`);
  await fleet.start(0);
  fleet.drain(0);
  await assert.rejects(fleet.undrain(0), /`pinhole undrain` of n1 ended with exit code 1/);
  assert.deepEqual(led.at(-1), []);
});

test(
  'a node that is killed is gone at once with all it started, by no fault, and its name forgets it 2 s later',
  { timeout: 30_000 },
  async (context) => {
    const { fleet, processes, led } = await fleetOf(context, `case $1 in serve) sleep 60 & wait;; esac`, { nodes: 2 });
    await fleet.startAll();
    const [first, second] = fleet.groups;
    assert.ok(first && second);
    while (living(first).length < 2) await delay(10);
    const killedAt = performance.now();
    await fleet.kill(0);
    assert.equal(led.length, 2, 'agents go on to dial it');
    assert.deepEqual([fleet.groups, processes.groups], [[second], [second]]);
    while (living(first).length > 0) await delay(10);
    assert.deepEqual([fleet.metrics['n1'], typeof fleet.metrics['n2']], [null, 'string']);
    while (led.length < 3) await delay(20);
    assert.ok(performance.now() - killedAt > 1_900);
    assert.deepEqual(led.at(-1), ['127.0.0.2']);
    // Whom nothing was done to has ended unasked.
    process.kill(-second, 'SIGKILL');
    await assert.rejects(fleet.failed, /^Error: node n2 ended unasked: it was ended by SIGKILL/);
  },
);

test('one that is back before its name has forgotten it stays in it', { timeout: 30_000 }, async (context) => {
  const { fleet, led } = await fleetOf(context, SERVES);
  await fleet.start(0);
  await fleet.kill(0);
  await fleet.start(0);
  await delay(2_200);
  assert.deepEqual(led, [['127.0.0.1'], ['127.0.0.1']]);
});

test('a node that is killed in its drain has no drain that failed', { timeout: 30_000 }, async (context) => {
  const { fleet, processes } = await fleetOf(context, `case $1 in serve) ${SERVES};; drain) exec sleep 60;; esac`);
  await fleet.start(0);
  fleet.drain(0);
  await fleet.kill(0);
  assert.deepEqual(processes.groups, []);
  assert.equal(await Promise.race([fleet.failed.catch((error: Error) => error.message), delay(100, 'nothing')]), 'nothing');
});

test('a node that ends at once says how, not that it was slow', { timeout: 30_000 }, async (context) => {
  const { fleet } = await fleetOf(context, `echo 'no such key: lisen'; exit 78`, { isReady: false });
  await assert.rejects(fleet.start(0), /^Error: node n1 ended with exit code 78; its last lines:\n {2}no such key: lisen$/);
});

test(
  'Ctrl-C is waited for by no start and no order, and a terminal’s own does not reach the order',
  { timeout: 20_000 },
  async (context) => {
    const slow = await fleetOf(context, SERVES, { isReady: false });
    setTimeout(() => slow.stop.abort(), 300);
    await assert.rejects(slow.fleet.start(0), { name: 'AbortError' });
    const { fleet, processes, stop } = await fleetOf(context, `case $1 in serve) ${SERVES};; upgrade) sleep 60;; esac`);
    await fleet.start(0);
    let groups = 0;
    setTimeout(() => {
      groups = processes.groups.length;
      stop.abort();
    }, 300);
    await assert.rejects(fleet.upgrade(0), { name: 'AbortError' });
    assert.equal(groups, 2, 'the order is in a group of its own');
    assert.equal(processes.groups.length, 1, 'the order goes on');
  },
);

test('an order that fails is told with its last words', { timeout: 20_000 }, async (context) => {
  const { fleet } = await fleetOf(context, `case $1 in serve) ${SERVES};; upgrade) echo 'another one runs' >&2; exit 1;; esac`);
  await fleet.start(0);
  await assert.rejects(fleet.upgrade(0), /^Error: `pinhole upgrade` of n1 ended with exit code 1; its last lines:\n {2}another one runs$/);
});
