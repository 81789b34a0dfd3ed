// Turns by a clock that stands still between them, and that jumps where the program was held up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../agent/clock.ts';
import { FakeClock } from '../rig/testing/fake-clock.ts';
import { takeTurns } from './turns.ts';

/** Who spoke, for which moment and when. */
async function spoken(until: number, lateMs: (turn: number) => number = () => 0): Promise<(readonly [string, number, number])[]> {
  const fake = new FakeClock(500);
  const stop = new AbortController();
  const said: (readonly [string, number, number])[] = [];
  let turn = 0;
  // A timer that is late, as on a machine that has no CPU for it.
  const clock: Clock = { nowMs: () => fake.nowMs(), after: (delayMs, run) => fake.after(delayMs + lateMs(turn++), run) };
  const speak = (who: string) => (intendedMs: number) => {
    said.push([who, intendedMs, fake.nowMs()]);
    if (said.length >= until) stop.abort();
  };
  await fake.drive(takeTurns([speak('past'), speak('through')], { clock, everyMs: 1_000, stop: stop.signal }));
  return said;
}

test('both speak in one moment, a second apart, and who is first changes', async () => {
  assert.deepEqual(await spoken(6), [
    ['past', 500, 500],
    ['through', 500, 500],
    ['through', 1_500, 1_500],
    ['past', 1_500, 1_500],
    ['past', 2_500, 2_500],
    ['through', 2_500, 2_500],
  ]);
});

test('what is late is late for itself: no turn is left out, and the next ones are in their moments again', async () => {
  const late = await spoken(10, (turn) => (turn === 1 ? 2_300 : 0));
  assert.deepEqual(
    late.filter(([who]) => who === 'past').map(([, intendedMs, atMs]) => [intendedMs, atMs]),
    [
      [500, 500],
      [1_500, 3_800],
      [2_500, 3_800],
      [3_500, 3_800],
      [4_500, 4_500],
    ],
  );
});
