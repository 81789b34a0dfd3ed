import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { carrierSocket, retiredMetricsFile } from '../core/runtime-files.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import type { FakeSupervision } from '../test/support/fake-supervision.ts';
import { readSnapshots, snapshotNames, writeSnapshot } from './metrics-files.ts';
import { merge } from './merge-metrics.ts';
import { sumBy } from './metrics-json.ts';
import { askSupervisor } from './ask.ts';
import { gatherCounters, livingNames } from './node-counters.ts';
import { retireCounters } from './retired-counters.ts';

interface Sums {
  readonly opens: number;
  readonly tunnels: number;
  readonly stages: number;
}

async function sums({ runtime }: FakeSupervision): Promise<Sums> {
  const metrics = merge((await gatherCounters(runtime, systemClock)).groups);
  const total = (name: string): number => Object.values(sumBy(metrics, name, '')).reduce((sum, value) => sum + value, 0);
  const stages = metrics.find(({ name }) => name === 'pinhole_open_seconds')?.values ?? [];
  return {
    opens: total('pinhole_opens_total'),
    tunnels: total('pinhole_tunnels'),
    stages: stages.filter(({ metricName }) => metricName === 'pinhole_open_seconds_count').reduce((sum, { value }) => sum + value, 0),
  };
}

/** What control does every second. */
async function retire({ runtime }: FakeSupervision): Promise<void> {
  const names = snapshotNames(runtime);
  const living = livingNames(names, await askSupervisor(runtime, systemClock));
  await retireCounters(
    runtime,
    names.filter((name) => !living.has(name)),
  );
}

async function busy(t: TestContext) {
  const world = await fakeSupervision(t);
  const [first, second] = [await world.carrier(0), await world.carrier(1)];
  for (const carrier of [first, second]) {
    carrier.metrics.decision('connect', 'acme', 'OK');
    carrier.metrics.tunnelOpened('connect', 'acme', 'data', '192.0.2.1:443');
    carrier.metrics.stage('dial', 0.02);
  }
  return { world, first, second };
}

test('a node is the sum of its carriers', async (t) => {
  const { world } = await busy(t);
  assert.deepEqual(await sums(world), { opens: 2, tunnels: 2, stages: 2 });
  assert.deepEqual((await gatherCounters(world.runtime, systemClock)).upstreams, { '192.0.2.1:443': 2 });
});

test('the counters of a killed carrier stay, its gauges go, before and after they are retired', async (t) => {
  const { world, first } = await busy(t);
  await first.persist();
  await first.kill();
  const expected = { opens: 2, tunnels: 1, stages: 2 };
  assert.deepEqual(await sums(world), expected);
  await retire(world);
  assert.deepEqual(await sums(world), expected);
  assert.equal(readSnapshots(world.runtime).size, 1);
  await retire(world);
  assert.deepEqual(await sums(world), expected);
});

test('a counter that was shown does not go back when its carrier is killed before it has written', async (t) => {
  const { world, first } = await busy(t);
  for (let decision = 0; decision < 5; decision += 1) first.metrics.decision('connect', 'acme', 'OK');
  const shown = await sums(world);
  await first.kill();
  assert.equal((await sums(world)).opens, shown.opens);
});

test('in haste only counts of tunnels are written; with them goes what had moved before', async (t) => {
  const { world, first } = await busy(t);
  const written = (): number => {
    const snapshots = [...readSnapshots(world.runtime).values()];
    return (
      sumBy(
        snapshots.flatMap(({ metrics }) => metrics),
        'pinhole_bytes_total',
        'direction',
      )['up'] ?? 0
    );
  };
  await first.persist();
  first.metrics.bytes(5, 0);
  await first.persist('in haste');
  assert.equal(written(), 0);
  await first.persist();
  assert.equal(written(), 5);
  first.metrics.bytes(2, 0);
  first.metrics.close('connect', 'client');
  await first.persist('in haste');
  assert.equal(written(), 7);
});

test('a carrier that has taken over a slot counts beside what the one before it left', async (t) => {
  const { world, first } = await busy(t);
  await first.persist();
  await first.kill();
  const next = await world.carrier(0);
  next.metrics.decision('connect', 'acme', 'OK');
  assert.equal((await sums(world)).opens, 3);
  await retire(world);
  assert.equal((await sums(world)).opens, 3);
  assert.equal((await sums(world)).tunnels, 1);
});

test('carriers that died while control was dead are retired when it is back', async (t) => {
  const { world, first, second } = await busy(t);
  for (const carrier of [first, second]) {
    await carrier.persist();
    await carrier.kill();
  }
  await (await world.carrier(0)).kill();
  await retire(world);
  assert.deepEqual(await sums(world), { opens: 2, tunnels: 0, stages: 2 });
});

test('control killed between keeping and removing counts nothing twice', async (t) => {
  const { world, first } = await busy(t);
  await first.persist();
  await first.kill();
  const left = new Map(readSnapshots(world.runtime));
  await retire(world);
  // As it was before the removal: the file is there again.
  const [[name, snapshot] = ['', undefined]] = left;
  assert.ok(snapshot);
  const [, generation, slot, pid] = name.split('-').map(Number);
  writeSnapshot(world.runtime, { generation: generation ?? 0, slot: slot ?? 0, pid: pid ?? 0 }, snapshot);
  assert.equal((await sums(world)).opens, 2);
  await retire(world);
  assert.equal((await sums(world)).opens, 2);
});

test('a carrier that hangs is counted by its file, and holds up nobody for long', async (t) => {
  const { world, first } = await busy(t);
  await first.persist();
  const path = carrierSocket(world.runtime, 1, 0);
  const slots = world.view.slots;
  await first.kill();
  world.view = { ...world.view, slots };
  rmSync(path, { force: true });
  const silent = createServer(() => {}).listen(path);
  await new Promise((resolve) => silent.once('listening', resolve));
  t.after(() => silent.close());

  const startedMs = systemClock.nowMs();
  assert.deepEqual(await sums(world), { opens: 2, tunnels: 2, stages: 2 });
  assert.ok(systemClock.nowMs() - startedMs < 8_000);
});

test('while no supervisor answers nothing is retired and no counter is lost', async (t) => {
  const { world, first } = await busy(t);
  await first.persist();
  const { slots } = world.view;
  world.view = { pid: 1 } as unknown as FakeSupervision['view'];
  assert.equal((await sums(world)).opens, 1);
  const supervisor = await askSupervisor(world.runtime, systemClock);
  assert.equal(supervisor, null);
  assert.ok(slots.length > 0);
});

test('files that cannot be read are left out', async (t) => {
  const { world } = await busy(t);
  writeFileSync(join(world.runtime, 'metrics-1-0-77-5.json'), '{"metrics":');
  writeFileSync(retiredMetricsFile(world.runtime), 'nonsense');
  await retire(world);
  assert.equal((await sums(world)).opens, 2);
  assert.ok(readdirSync(world.runtime).includes('metrics-1-0-77-5.json'));
});
