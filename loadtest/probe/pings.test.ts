// Pings by their intended moments: what a stall, a silence and a death of the session make of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pings } from './pings.ts';

function pinged(...intendedMs: readonly number[]): { readonly pings: Pings; readonly told: (number | null)[] } {
  const told: (number | null)[] = [];
  const pings = new Pings(10_000);
  for (const moment of intendedMs) pings.add(moment, (ms) => told.push(ms));
  return { pings, told };
}

test('a stall of three seconds is three late pings, each by its own moment', () => {
  const { pings, told } = pinged(0, 1_000, 2_000);
  for (let answer = 0; answer < 3; answer++) pings.answered(3_000);
  assert.deepEqual(told, [3_000, 2_000, 1_000]);
});

test('a ping whose session dies is missing, once, and so is one that is answered too late', () => {
  const { pings, told } = pinged(0, 1_000, 2_000);
  pings.answered(10_001);
  pings.answered(10_001);
  pings.lose();
  pings.lose();
  pings.answered(10_002);
  assert.deepEqual(told, [null, 9_001, null]);
});

test('only what waits can be overdue', () => {
  const { pings } = pinged(0, 5_000);
  assert.deepEqual([pings.isOverdue(10_000), pings.isOverdue(10_001)], [false, true]);
  pings.answered(10_001);
  assert.equal(pings.isOverdue(10_001), false);
  pings.lose();
  assert.equal(pings.isOverdue(99_999), false);
});
