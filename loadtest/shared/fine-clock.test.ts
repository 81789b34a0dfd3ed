// A machine whose every look at a clock takes a while, and now and then a long one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fineClock, type Clocks, type Now } from './fine-clock.ts';

const BEGAN_MS = 1_790_000_000_000.437;
const READ_MS = 0.004;

interface Machine extends Clocks {
  readonly trueMs: Now;
}

/** `pauseMs`: how long it stands still before a read, by the number of the read and the true time. */
function machine(pauseMs: (read: number, trueMs: number) => number): Machine {
  let trueMs = BEGAN_MS + 3_000.8;
  let read = 0;
  const look = (): number => {
    trueMs += READ_MS + pauseMs(read, trueMs);
    read += 1;
    return trueMs;
  };
  return { wholeMs: () => Math.floor(look()), sinceMs: () => look() - BEGAN_MS, trueMs: () => trueMs };
}

/** Milliseconds by which the clock that is made there is behind. */
function behindMs(pauseMs: (read: number, trueMs: number) => number): number {
  const there = machine(pauseMs);
  const readMs = fineClock(there)();
  return there.trueMs() - readMs;
}

/** The first so many times that a millisecond is over, before the read that is behind it. */
const afterEdges = (many: number, pauseMs: number) => {
  let [edges, lastMs] = [0, Infinity];
  return (_: number, trueMs: number): number => {
    const isEdge = Math.floor(trueMs) > lastMs;
    lastMs = Math.floor(trueMs);
    return isEdge && (edges += 1) <= many ? pauseMs : 0;
  };
};

for (const [what, pauseMs] of [
  ['never stands still', () => 0],
  ['stands still for 221 ms just after the first millisecond', afterEdges(1, 221)],
  ['stands still just after each of the first forty', afterEdges(40, 3.3)],
  ['stands still within the first look', (read: number) => (read === 1 || read === 2 ? 500.3 : 0)],
  ['stands still for a slice in every four milliseconds', (read: number) => (read % 1_000 === 999 ? 10.7 : 0)],
] as const)
  test(`on a machine that ${what} the clock is right`, () => {
    const behind = behindMs(pauseMs);
    assert.ok(behind >= -0.001 && behind < 0.21, `${behind} ms behind`);
  });

test('wherever it stands still, the clock is never ahead, and no more behind than near enough', () => {
  const pauses = fc.array(fc.record({ read: fc.nat(2_000), ms: fc.double({ min: 0, max: 400, noNaN: true }) }), { maxLength: 30 });
  fc.assert(
    fc.property(pauses, (all) => {
      const byRead = new Map(all.map(({ read, ms }) => [read, ms]));
      const behind = behindMs((read) => byRead.get(read) ?? 0);
      assert.ok(behind >= -0.001 && behind < 0.21, `${behind} ms behind`);
    }),
  );
});

test('a machine on which no look is good has the best of them, in the end', () => {
  const behind = behindMs(() => 2.3);
  assert.ok(behind >= -0.001 && behind < 3, `${behind} ms behind`);
});
