import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { ledgerFile } from '../core/runtime-files.ts';
import { openLedgerFile } from '../limits/ledger.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { writeDrain } from './drain-file.ts';
import { gatherDrain, viewOf } from './drain-view.ts';

const ORDER: DrainOrder = {
  by: 'ann',
  askedAtMs: Date.UTC(2026, 0, 1),
  closesFromMs: 100_000,
  deadlineAtMs: 7_300_000,
  pausedAtMs: null,
  rate: 8,
  tunnels: 600,
  slow: null,
};

for (const [what, order, pace, tunnels, nowMs, expected] of [
  ['while it settles', ORDER, null, 600, 40_000, { phase: 'settling', settleLeftMs: 60_000, rateNow: 8, etaMs: 60_000 + 78_947 }],
  ['while it closes', ORDER, { carrier: 1, rate: 8, why: null }, 300, 200_000, { phase: 'closing', pacedBy: 1, etaMs: 39_474 }],
  [
    'while it is slow',
    ORDER,
    { carrier: 0, rate: 2, why: '9 refused, failed or lost a second' },
    95,
    200_000,
    { phase: 'closing', rateNow: 2, why: '9 refused, failed or lost a second', etaMs: 50_000 },
  ],
  ['while nobody keeps the pace', ORDER, null, 95, 200_000, { phase: 'closing', pacedBy: null, rateNow: 8, etaMs: 12_500 }],
  ['in a pause', { ...ORDER, pausedAtMs: 150_000 }, null, 98, 200_000, { phase: 'paused', etaMs: null, deadlineLeftMs: 7_150_000 }],
  ['in a pause of nothing', { ...ORDER, pausedAtMs: 150_000 }, null, 0, 200_000, { phase: 'paused' }],
  ['when nothing is left', ORDER, null, 0, 200_000, { phase: 'drained', etaMs: 0 }],
  ['while it settles with nothing', ORDER, null, 0, 40_000, { phase: 'settling', tunnelsAtFirst: 600 }],
  ['with more than at first', ORDER, null, 700, 40_000, { tunnels: 700, tunnelsAtFirst: 700 }],
] as const) {
  test(`a drain is shown ${what}`, () => {
    const view = viewOf(order, pace, tunnels, nowMs);
    assert.deepEqual({ ...view, ...expected }, view);
    assert.deepEqual([view.by, view.since, view.rate], ['ann', '2026-01-01T00:00:00.000Z', 8]);
  });
}

test('it is gathered from the order and the ledger; no order, no drain', async (t) => {
  const { runtime } = await fakeSupervision(t);
  assert.equal(await gatherDrain(runtime, systemClock), null);
  const ledger = openLedgerFile(
    ledgerFile(runtime),
    0,
    {
      capacity: { tunnels: 100, perCarrier: 50, nofile: 1_000_000 },
      opensPerSecond: 100,
      pending: 1,
      perSource: { pending: 1, refusalsPerSecond: 1 },
    },
    systemClock,
  );
  t.after(() => ledger.close());
  for (let tunnel = 0; tunnel < 25; tunnel += 1) ledger.open();
  writeDrain(runtime, { ...ORDER, closesFromMs: systemClock.nowMs() - 1 });
  const view = await gatherDrain(runtime, systemClock);
  assert.deepEqual([view?.phase, view?.tunnels], ['closing', 25]);
});
