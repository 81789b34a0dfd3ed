import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latch, type Sign, signOfShare } from './latch.ts';

const HOLD = { tripsAfterMs: 3_000, clearsAfterMs: 5_000 };

/** What is seen each second, one letter a second (b bad, g good, - neither), and below it whether the latch is tripped (#). */
const TABLE: readonly (readonly [what: string, seen: string, tripped: string])[] = [
  ['what is good stays clear', 'gggggg', '......'],
  ['three seconds of trouble trip it', 'bbbbb', '...##'],
  ['a moment of good begins the count anew', 'bbgbbbbb', '......##'],
  ['so does what is neither', 'bb-bbbb', '......#'],
  ['five good seconds clear it', 'bbbbgggggggg', '...######...'],
  ['what is neither holds it', 'bbbb-----------', '...############'],
  ['a moment of trouble begins the count of the good anew', 'bbbbggggbgggggg', '...###########.'],
  ['flapping every second trips nothing', 'bgbgbgbgbgbg', '............'],
  ['and clears nothing', 'bbbbgbgbgbgbgb', '...###########'],
];

const SIGNS: Readonly<Record<string, Sign>> = { b: 'bad', g: 'good', '-': 'between' };

for (const [what, seen, tripped] of TABLE) {
  test(`a latch: ${what}`, () => {
    const latch = new Latch(HOLD, { isTripped: false, sinceMs: 0 });
    const states = [...seen].map((letter, second) => latch.look(SIGNS[letter] ?? 'between', second * 1_000));
    assert.equal(states.map(({ isTripped }) => (isTripped ? '#' : '.')).join(''), tripped);
  });
}

test('a latch says since when', () => {
  const latch = new Latch(HOLD, { isTripped: false, sinceMs: 7 });
  assert.equal(latch.look('good', 1_000).sinceMs, 7);
  latch.look('bad', 2_000);
  assert.deepEqual(latch.look('bad', 5_500), { isTripped: true, sinceMs: 5_500 });
  assert.deepEqual(latch.look('bad', 9_000), { isTripped: true, sinceMs: 5_500 });
});

test('a latch without hold times follows at once', () => {
  const latch = new Latch({ tripsAfterMs: 0, clearsAfterMs: 0 }, { isTripped: false, sinceMs: 0 });
  assert.equal(latch.look('bad', 1).isTripped, true);
  assert.equal(latch.look('good', 2).isTripped, false);
});

for (const [share, sign] of [
  [null, 'between'],
  [0, 'bad'],
  [0.049, 'bad'],
  [0.05, 'between'],
  [0.099, 'between'],
  [0.1, 'good'],
  [1, 'good'],
] as const) {
  test(`a share of ${share} that is free is ${sign}`, () => assert.equal(signOfShare(share, 0.05, 0.1), sign));
}
