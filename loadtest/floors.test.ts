// What a process has at its lowest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOOR_SECONDS, Floors } from './floors.ts';

const PID = 7;

function lookedAt(kib: readonly number[]): Floors {
  const floors = new Floors();
  for (const each of kib) floors.look(new Map([[PID, each]]));
  return floors;
}

test('it is the lowest of what was seen', () => {
  assert.equal(lookedAt([5, 3, 4]).of(PID), 3);
});

test('it rises again when the lowest look is too old', () => {
  const later = Array.from({ length: FLOOR_SECONDS - 1 }, () => 9);
  assert.equal(lookedAt([3, ...later]).of(PID), 3);
  assert.equal(lookedAt([3, ...later, 9]).of(PID), 9);
});

test('a process that is gone has none, and nothing is left of it for the next one of its number', () => {
  const floors = lookedAt([3]);
  floors.look(new Map());
  assert.equal(floors.of(PID), null);
  floors.look(new Map([[PID, 8]]));
  assert.equal(floors.of(PID), 8);
});
