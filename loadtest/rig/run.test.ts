// How a run ends whose parts do not get as far as agents.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { planRun } from '../plan.ts';
import type { RunRecord } from '../run-record.ts';
import { findScenario } from '../scenarios.ts';
import { ownFolder } from '../testing/folder.ts';
import { madeRun } from '../testing/made-run.ts';
import { Processes } from './processes.ts';
import { agentPlan, closePatienceMs } from './agents.ts';
import type { Fleet } from './nodes.ts';
import { type RunInput, runScenario } from './run.ts';
import { worldOutside } from './world.ts';

async function run(context: TestContext, parts: Pick<RunInput, 'startWorld'> & Partial<RunInput>): Promise<RunRecord> {
  const scenario = findScenario('hold')!;
  const planned = planRun(scenario, { cores: 2, availableMib: 9_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
  assert.ok(planned.ok);
  return await runScenario({
    ...{ scenario, plan: planned.plan, k6: '/none', honesty: madeRun().honesty, folder: ownFolder(context), processes: new Processes() },
    ...{ machine: { number: 1, of: 1 }, beginsMs: null, stop: new AbortController().signal, troubles: [], startProbe: async () => null },
    ...{ say: () => {}, moment: () => {} },
    ...parts,
  });
}

test('a part that cannot start breaks the run, and the record says why', async (context) => {
  const { ended, troubles, marks } = await run(context, { startWorld: () => Promise.reject(new Error('no such luck')) });
  assert.deepEqual(
    { ended, troubles, marks: marks.map(({ what }) => what) },
    { ended: 'broken', troubles: ['no such luck'], marks: ['no such luck'] },
  );
});

test('what k6 counted and nobody got is in the record, as a number', async (context) => {
  const lines = [
    'TICK {"at":1,"vu":1,"established":2,"wanted":3}',
    'TICK {"at":5,"v',
    'TICK {"at',
    // Of the second in which it is said: one of before the run would be lost, too.
    `TICK {"at":'"$(date +%s)"',"vu":1,"established":2,"wanted":3}`,
  ];
  const folder = ownFolder(context);
  const k6 = join(folder, 'k6');
  writeFileSync(k6, `#!/bin/sh\n${lines.map((line) => `echo '${line}'`).join('\n')}\nexit 1\n`, { mode: 0o755 });
  const { lostTicks, troubles } = await run(context, {
    k6,
    startWorld: async () => worldOutside('ws://far.test/mqtt', 'http://127.0.0.1:1', {}),
  });
  assert.equal(lostTicks, 3);
  assert.match(troubles.join('\n'), /3 ticks of k6 came more than ten seconds late or torn, and what they counted is not here/);
});

test('a node that dies of the close, when k6 is done already, breaks the run all the same', { timeout: 30_000 }, async (context) => {
  const scenario = findScenario('hold')!;
  const planned = planRun(scenario, { cores: 1, availableMib: 9_000, descriptors: 20_000, portRange: [1_024, 65_535], isIsolated: true });
  assert.ok(planned.ok);
  const folder = ownFolder(context);
  const k6 = join(folder, 'k6');
  writeFileSync(k6, '#!/bin/sh\nexec sleep 4\n', { mode: 0o755 });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  let looks = 0;
  const fleet = {
    metrics: {},
    deaths: async () => [],
    get groups() {
      looks += 1;
      // The first look is before the first tunnel, the next one behind the last.
      if (looks > 1) reject(new Error('node eu-1a ended unasked'));
      return [];
    },
  } as unknown as Fleet;
  const { ended, troubles } = await run(context, {
    ...{ scenario, k6, plan: { ...planned.plan, generators: 1, vus: 4, rampSeconds: 0, seconds: 0 } },
    startWorld: async () => ({ ...worldOutside('ws://far.test/mqtt', 'http://127.0.0.1:1', {}), fleet, failed }),
  });
  assert.deepEqual({ ended, troubles }, { ended: 'broken', troubles: ['node eu-1a ended unasked'] });
});

test('a carrier that died under a node which lived on is named, as nothing that was planned', async (context) => {
  const folder = ownFolder(context);
  const k6 = join(folder, 'k6');
  writeFileSync(k6, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const startedS = Math.floor(Date.now() / 1_000);
  let diedMs = 0;
  // Only once the run asks: of a moment before it nobody knows whether it is of the run's own second or of the one before.
  const deaths = async () => {
    diedMs = Date.now() + 3_000;
    return [{ atMs: diedMs, words: 'carrier 1 died (SIGKILL)', tunnels: 37, node: 'eu-1a' }];
  };
  const fleet = { metrics: {}, groups: [], deaths } as unknown as Fleet;
  const { marks } = await run(context, {
    k6,
    startWorld: async () => ({ ...worldOutside('ws://far.test/mqtt', 'http://127.0.0.1:1', {}), fleet }),
  });
  const { at = 0, ...mark } = marks.find(({ node }) => node === 'eu-1a') ?? {};
  assert.deepEqual(mark, { what: 'carrier 1 died (SIGKILL)', event: null, isPlanned: false, node: 'eu-1a', tunnels: 37 });
  assert.ok(at >= 3 && at <= diedMs / 1_000 - startedS, String(at));
});

test('what fails because of Ctrl-C is no failure: the run was interrupted', async (context) => {
  const stop = new AbortController();
  const startWorld = (): Promise<never> => {
    stop.abort();
    return Promise.reject(new Error('the operation was aborted'));
  };
  const { ended, troubles, marks } = await run(context, { startWorld, stop: stop.signal });
  assert.deepEqual({ ended, troubles, marks }, { ended: 'interrupted', troubles: [], marks: [] });
});

test('k6 has as long for its closes as 2,000 a second take, and a minute', () => {
  for (const [name, tunnels, seconds] of [
    ['hold', 10_001, 5],
    ['hold', 360_001, 180],
    ['opens', 360_001, 0],
  ] as const) {
    const scenario = { ...findScenario(name)!, tunnels };
    const plan = { vus: 8, triesPerSecond: null, backoff: { firstMs: 1, capMs: 1 }, seconds: 100 };
    const agents = agentPlan(scenario, plan, 'ws://far.test/mqtt', 0);
    assert.equal(closePatienceMs(agents, 100_000), (seconds + 60) * 1_000);
    assert.equal(closePatienceMs(agents, 1_000_000), 0);
  }
});
