import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '../run-record.ts';
import { Histogram } from '../shared/histogram.ts';
import { madeRun } from '../testing/made-run.ts';
import { summarise } from './summary.ts';

/** A minute until an answer comes: nothing that a made-up run has by itself. */
const STALLED_US = 60e6;

/** Half way through its second 90 a node dies, and what is on its way then takes a minute. */
function stalledByTheKill(): RunRecord {
  const record = madeRun({ kill: { after: 30, backPerSecond: 450 } });
  const stalled = new Histogram();
  for (let count = 0; count < 500; count += 1) stalled.add(STALLED_US);
  const later = (moment: number): number => (moment === 90 ? 90.5 : moment);
  return {
    ...record,
    phases: record.phases.map((phase) => ({ ...phase, from: later(phase.from), to: later(phase.to) })),
    seconds: record.seconds.map((second) =>
      second.at === 90 ? { ...second, agents: { ...second.agents, roundTripUs: stalled.sparse() } } : second,
    ),
  };
}

test('latencies of the second in which a fault begins are in its row, and not in that of the hold before it', () => {
  const rows = summarise(stalledByTheKill()).percentiles.filter(({ of }) => of === 'round trip');
  const most = (phase: string): number => rows.find((row) => row.phase === phase)?.max ?? 0;
  assert.ok(most('hold') < STALLED_US / 2, `${most('hold')}`);
  assert.ok(most('storm') > STALLED_US / 2, `${most('storm')}`);
});

test('a run of days has its report', () => {
  const record = madeRun();
  const still = record.seconds.find(({ at }) => at === 100)!;
  const seconds = Array.from({ length: 150_000 }, (_, at) => record.seconds[at] ?? { ...still, at });
  const phases = [record.phases[0]!, { name: 'hold', kind: 'hold', from: 60, to: 150_000 } as const];
  const { totals, percentiles } = summarise({ ...record, phases, seconds });
  assert.equal(totals.seconds, 150_000);
  assert.ok(percentiles.some(({ of, phase, count }) => of === 'round trip' && phase === 'hold' && count > 149_000));
});
