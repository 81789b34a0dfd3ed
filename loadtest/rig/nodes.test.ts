// A fleet whose nodes are a script that does what each case needs, and an HTTP server that says they are ready.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { planRun } from '../plan.ts';
import { findScenario } from '../scenarios.ts';
import { ownFolder } from '../testing/folder.ts';
import { Fleet } from './nodes.ts';
import { Processes } from './processes.ts';

interface Made {
  readonly fleet: Fleet;
  readonly processes: Processes;
  readonly stop: AbortController;
}

/** One node. `script`: what `pinhole` does; `$1` is the command. */
async function fleetOf(context: TestContext, script: string, isReady = true): Promise<Made> {
  const folder = ownFolder(context);
  const pinhole = join(folder, 'pinhole');
  writeFileSync(pinhole, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const health = createServer((_, response) => response.writeHead(isReady ? 200 : 503).end()).listen(0, '127.0.0.1');
  await once(health, 'listening');
  context.after(() => health.close());
  const address = health.address();
  assert.ok(typeof address === 'object' && address !== null);
  const processes = new Processes();
  const stop = new AbortController();
  context.after(() => processes.stopAll());
  const scenario = { ...findScenario('hold')!, nodes: 1 };
  const planned = planRun(scenario, { cores: 2, availableMib: 9_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
  assert.ok(planned.ok);
  const fleet = new Fleet({
    inputs: [
      {
        place: { name: 'n1', address: '127.0.0.1', ports: { agents: 1, health: address.port, admin: 2 }, folder: join(folder, 'n1') },
        ...{ scenario, plan: planned.plan, endpoint: { data: 'iot.test', to: ['127.0.0.1:1'], credentials: null, ca: null }, tls: null },
      },
    ],
    ...{ pinhole, processes, env: { PATH: process.env['PATH'] }, lead: () => {}, stop: stop.signal },
  });
  return { fleet, processes, stop };
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

test('a node that ends at once says how, not that it was slow', { timeout: 30_000 }, async (context) => {
  const { fleet } = await fleetOf(context, `echo 'no such key: lisen'; exit 78`, false);
  await assert.rejects(fleet.start(0), /^Error: node n1 ended with exit code 78; its last lines:\n {2}no such key: lisen$/);
});

test(
  'Ctrl-C is waited for by no start and no order, and a terminal’s own does not reach the order',
  { timeout: 20_000 },
  async (context) => {
    const slow = await fleetOf(context, SERVES, false);
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
