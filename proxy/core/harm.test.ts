import assert from 'node:assert/strict';
import { test } from 'node:test';
import { harmPerSecond, isHarm } from './harm.ts';

for (const [what, since, quietest, rate, expected] of [
  // At 8 a second 40 close between two looks.
  ['half of what closes', 20, 0, 8, false],
  ['one more than that', 21, 0, 8, true],
  ['half of what closes above what there always is', 120, 100, 8, false],
  ['one more than that always', 121, 100, 8, true],
  ['a handful at a slow rate', 5, 0, 1, false],
  ['more than a handful', 6, 0, 1, true],
] as const) {
  test(`${what} is ${expected ? 'harm' : 'no harm'}`, () => assert.equal(isHarm(since, quietest, rate), expected));
}

test('between two looks are five seconds', () => assert.equal(harmPerSecond(21), 4));
