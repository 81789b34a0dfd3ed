import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ramp } from './load.ts';
import type { Metered } from './meter.ts';
import { sumUp } from './sum-up.ts';
import type { Turn } from './turn.ts';

function ramp(cpu: number, changes: Partial<Ramp> = {}): Metered<Ramp> {
  return { answer: { opened: 500, failed: 0, seconds: 1, p50Ms: 2, p99Ms: 9, firstFailure: '', ...changes }, cpu, loadBusy: 0.3 };
}

const TURN: Turn = {
  tunnels: 1_000,
  halfway: 500,
  emptyKib: 10_240,
  quiet: { answer: undefined, cpu: 0.06, loadBusy: 0 },
  halfKib: 15_000,
  idleKib: 20_480,
  ramps: [ramp(0.3), ramp(0.1)],
  loop: { answer: { wanted: 2_000, back: 2_000, p50Us: 0, p99Us: 0 }, cpu: 0.02, loadBusy: 0.9 },
  rate: { answer: { wanted: 1_000, back: 1_000, p50Us: 80, p99Us: 300 }, cpu: 0.01, loadBusy: 0.1 },
  bulk: { answer: { wantedMib: 512, backMib: 512 }, cpu: 0.5, loadBusy: 0.8 },
  alive: 1_000,
};

test('costs are by tunnel, message and GiB', () => {
  assert.deepEqual(sumUp(TURN).costs, {
    idleKib: 10.96,
    idleMib: 20,
    idleCpuMs: 10,
    openCpuUs: 280,
    messageCpuUs: 10,
    rateP50Us: 80,
    rateP99Us: 300,
    bulkCpuSeconds: 1,
  });
});

test('a latency that the load itself may have made is not told', () => {
  const { costs } = sumUp({ ...TURN, rate: { ...TURN.rate, loadBusy: 0.71 } });
  assert.equal(costs.rateP50Us, null);
  assert.equal(costs.rateP99Us, null);
  assert.equal(costs.messageCpuUs, 10);
});

test('says how busy the load was in each step, by the busier half of the opens', () => {
  const turn: Turn = { ...TURN, ramps: [TURN.ramps[0], { ...TURN.ramps[1], loadBusy: 0.5 }] };
  assert.deepEqual(sumUp(turn).loadBusy, { open: 0.5, message: 0.9, rate: 0.1, bulk: 0.8 });
});

describe('what was lost', () => {
  test('is nothing in a good turn', () => {
    const { failed, died, lostMessages, lostMib } = sumUp(TURN);
    assert.deepEqual({ failed, died, lostMessages, lostMib }, { failed: 0, died: 0, lostMessages: 0, lostMib: 0 });
  });

  test('is counted over all steps', () => {
    const { failed, died, lostMessages, lostMib, firstFailure } = sumUp({
      ...TURN,
      ramps: [ramp(0.3, { opened: 499, failed: 1 }), ramp(0.1, { opened: 498, failed: 2, firstFailure: 'no' })],
      loop: { ...TURN.loop, answer: { ...TURN.loop.answer, back: 1_995 } },
      rate: { ...TURN.rate, answer: { ...TURN.rate.answer, back: 998 } },
      bulk: { ...TURN.bulk, answer: { wantedMib: 512, backMib: 500 } },
      alive: 990,
    });
    assert.deepEqual(
      { failed, died, lostMessages, lostMib, firstFailure },
      { failed: 3, died: 7, lostMessages: 7, lostMib: 12, firstFailure: 'no' },
    );
  });
});
