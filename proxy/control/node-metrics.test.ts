import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { drainFile } from '../core/runtime-files.ts';
import type { GenerationView } from '../core/supervision.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { nodeMetrics } from './node-metrics.ts';

const generation = (number: number, state: GenerationView['state']): GenerationView => ({
  ...{ generation: number, version: 'v', from: '/opt/pinhole', state, sinceMs: 0, deadlineAtMs: null },
});

test('generations by state, and the tunnels that retired ones still hold', async (t) => {
  const { runtime, view } = await fakeSupervision(t);
  const generations = [generation(3, 'current'), generation(2, 'retired'), generation(1, 'retired')];
  const carriers = [
    { generation: 3, tunnels: 100 },
    { generation: 2, tunnels: 20 },
    { generation: 2, tunnels: 5 },
    null,
    { generation: 1, tunnels: 1 },
  ];
  const deps = { runtime, clock: systemClock, tls: null, probe: null, isReady: true, carriers };
  const metrics = await nodeMetrics(deps, { supervisor: { ...view, generations }, groups: [], upstreams: {} });
  const valuesOf = (name: string) =>
    (metrics.find((metric) => metric.name === name)?.values ?? []).map(({ labels, value }) => [...Object.values(labels), value]);
  assert.deepEqual(valuesOf('pinhole_generations'), [
    ['rising', 0],
    ['current', 1],
    ['retired', 2],
  ]);
  assert.deepEqual(valuesOf('pinhole_retired_tunnels'), [[26]]);
});

test('a drain is told for as long as it is ordered, since an alarm must tell it from a fault', async (t) => {
  const { runtime, view } = await fakeSupervision(t);
  const draining = async (): Promise<unknown> => {
    const deps = { runtime, clock: systemClock, tls: null, probe: null, isReady: true, carriers: [] };
    const metrics = await nodeMetrics(deps, { supervisor: view, groups: [], upstreams: {} });
    return metrics.find(({ name }) => name === 'pinhole_draining')?.values[0]?.value;
  };
  assert.equal(await draining(), 0);
  writeFileSync(drainFile(runtime), '{}');
  assert.equal(await draining(), 1);
});

test('without a supervisor nothing is said of what only it knows', async (t) => {
  const { runtime } = await fakeSupervision(t);
  const deps = { runtime, clock: systemClock, tls: null, probe: null, isReady: false, carriers: [] };
  const names = (await nodeMetrics(deps, { supervisor: null, groups: [], upstreams: {} })).map(({ name }) => name);
  assert.ok(names.includes('pinhole_ready'));
  for (const name of ['pinhole_generations', 'pinhole_retired_tunnels', 'pinhole_carriers']) assert.ok(!names.includes(name), name);
});
