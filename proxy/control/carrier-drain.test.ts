// The pacers of several carriers with the real lock, over real sockets.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { TunnelRow } from '../core/ports.ts';
import { paceSocket } from '../core/runtime-files.ts';
import { takeLock } from '../supervisor/lock.ts';
import { fakeSupervision, type FakeSupervision } from '../test/support/fake-supervision.ts';
import { askSocket } from './ask.ts';
import { CarrierDrain } from './carrier-drain.ts';
import { watchDrain } from './drain-file.ts';
import type { PaceView } from './drain-view.ts';

function row(ageMs: number): TunnelRow {
  const nothing = { door: null, tenant: null, target: null, endpoint: null, kind: null, upstream: null } as const;
  return { ...nothing, id: String(ageMs), client: 'c', phase: 'relaying', ageMs, idleMs: 0, bytesUp: 0, bytesDown: 0 };
}

function drainOf(t: TestContext, world: FakeSupervision, slot: number, tunnels: () => number): CarrierDrain {
  const { runtime } = world;
  const settings = () => ({ drain: { settleMs: 60_000, rate: 200, deadlineMs: 3_600_000, stopMs: 1 } });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const watch = watchDrain({ runtime, clock: systemClock, log });
  const deps = { runtime, clock: systemClock, random: Math.random, generation: 1, settings, log, watch, tunnels, takeLock, told: () => {} };
  const drain = new CarrierDrain({ ...deps, slot });
  t.after(() => drain.stop());
  return drain;
}

test('an order to one carrier empties all of them; who keeps the pace can be asked', async (t) => {
  const world = await fakeSupervision(t, 2);
  const carriers = [await world.carrier(0), await world.carrier(1)];
  for (const [index, carrier] of carriers.entries()) carrier.rows = Array.from({ length: 40 }, (_, age) => row(1_000 - 2 * age - index));
  const tunnels = (): number => carriers.reduce((sum, { rows }) => sum + rows.length, 0);
  const drain = drainOf(t, world, 0, tunnels);
  drain.start();
  assert.equal((await drain.take({ do: 'now', by: 'ann' })).status, 200);
  let pace: PaceView | null = null;
  while (tunnels() > 0) {
    pace ??= (await askSocket(paceSocket(world.runtime), systemClock)) as PaceView | null;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(pace, { carrier: 0, rate: 200, why: null });
  assert.equal((await drain.take({ do: 'end', by: 'ann' })).status, 200);
  while ((await askSocket(paceSocket(world.runtime), systemClock)) !== null) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('while another process keeps the pace this one does not', async (t) => {
  const world = await fakeSupervision(t, 1);
  const carrier = await world.carrier(0);
  carrier.rows = [row(1_000)];
  const other = await takeLock(paceSocket(world.runtime), () => '{"carrier":7,"rate":1,"why":null}');
  t.after(() => other?.release());
  const drain = drainOf(t, world, 0, () => carrier.rows.length);
  drain.start();
  await drain.take({ do: 'now', by: 'ann' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(carrier.rows.length, 1);
  other?.release();
  while (carrier.rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
});
