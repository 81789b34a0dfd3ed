import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TroubleWatch } from './trouble-watch.ts';

function looks(rate: number, ...counts: readonly Readonly<Record<string, number>>[]): (string | null)[] {
  const watch = new TroubleWatch();
  return counts.map((count) => watch.look(new Map(Object.entries(count)), rate));
}

test('what the others had counted before is nothing', () => {
  assert.deepEqual(looks(8, { b: 1_000 }), [null]);
});

test('half of what closes above the quietest look is no trouble; one more is, of the worst of them', () => {
  // At 8 a second 40 close between two looks.
  assert.deepEqual(looks(8, { b: 0, c: 0 }, { b: 10, c: 0 }, { b: 30, c: 10 }, { b: 50, c: 21 }), [
    null,
    null,
    null,
    'b refused, failed or lost 4 a second',
  ]);
});

test('a node that was started again, or that is silent, says nothing', () => {
  assert.deepEqual(looks(8, { b: 500 }, { b: 500 }, { b: 90 }, {}, { b: 90 }), [null, null, null, null, null]);
});
