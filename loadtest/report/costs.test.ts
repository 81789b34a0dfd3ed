// What a message costs, where the steps of a run can show it, and where they cannot.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { costsOf } from './costs.ts';

const rates = [500, 1_000, 2_000].map((perSecond) => ({ perSecond, seconds: 30 }));
const messages = madeRun({ steps: { of: 'messages', rates, mostPerSecond: 9_999 } });

/** Nodes take as much at every rate, but for chance; `tilt`: what chance makes of it, by a message. */
function flat(record: RunRecord, tilt: number): RunRecord {
  return {
    ...record,
    seconds: record.seconds.map((second) => {
      const { pinhole, ...roles } = second.roles;
      const cpuSeconds = 0.3 + 0.1 * Math.sin(second.at * 2.3) + second.agents.back * tilt;
      return pinhole === undefined ? second : { ...second, roles: { ...roles, pinhole: { ...pinhole, cpuSeconds } } };
    }),
  };
}

test('a slope comes with both ends of what it may be', () => {
  const { value, low, high } = costsOf(messages).cpuUsPerMessage;
  assert.ok(value !== null && low !== undefined && high !== undefined && 0 < low && low <= 13 && 13 <= high, `${value} ${low} ${high}`);
});

for (const [which, tilt] of [
  ['rises', 2e-6],
  ['falls', -2e-6],
] as const) {
  test(`a slope that only chance makes is none, where it ${which}`, () => {
    const { value, words } = costsOf(flat(messages, tilt)).cpuUsPerMessage;
    assert.equal(value, null, words);
    assert.match(words, /lost in what nodes do by themselves \(95 % sure within -[0-9.]+ to [0-9.]+ µs\)/);
  });
}

test('a hold gives an upper bound instead', () => {
  const { value, high } = costsOf(madeRun({ tunnels: 60_000 })).cpuUsPerMessage;
  assert.ok(value !== null && value > 13 && high === undefined);
});
