// A world without nodes, where there are no names of our own: real far ends, and what becomes of the run when one of them dies.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { ownFolder } from '../testing/folder.ts';
import { planRun } from '../plan.ts';
import { findScenario } from '../scenarios.ts';
import { Processes } from './processes.ts';
import { startWorld, worldOutside } from './world.ts';

test(
  'past every proxy agents open a far end by its address, and one that dies unasked ends the run',
  { timeout: 30_000 },
  async (context) => {
    const scenario = { ...findScenario('direct')!, tunnels: 10 };
    const planned = planRun(scenario, {
      cores: 2,
      availableMib: 9_000,
      descriptors: 20_000,
      portRange: [32_768, 60_999],
      isIsolated: false,
    });
    assert.ok(planned.ok);
    const processes = new Processes();
    context.after(() => processes.stopAll());
    const world = await startWorld({
      ...{ scenario, plan: planned.plan, folder: ownFolder(context), processes, names: null, env: { PATH: process.env['PATH'] } },
      ...{ stop: new AbortController().signal, heardFarEnd: () => {} },
    });
    const { hostname, port } = new URL(world.url);
    assert.deepEqual([world.proxy, world.fleet, hostname], [null, null, '127.0.0.101']);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.destroy();
    const { 'far-end': farEnd, ...others } = world.roles();
    assert.deepEqual(others, {});
    process.kill(farEnd?.pids?.[0] ?? assert.fail('no pid'), 'SIGKILL');
    await assert.rejects(world.failed, /SIGKILL/);
    await world.stop();
    assert.deepEqual(processes.groups, []);
  },
);

test('of a fleet of others nothing is ours to end', async () => {
  const world = worldOutside('wss://iot.test/mqtt', 'http://proxy.test:443', { A: 'b' });
  assert.deepEqual([world.fleet, world.farEnds, world.roles(), world.env], [null, null, {}, { A: 'b' }]);
  await world.stop();
});
