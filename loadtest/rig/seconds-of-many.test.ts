import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FarEndSeen } from '../run-record.ts';
import { SecondsOfMany } from './seconds-of-many.ts';

const seen = (connects: number, overQuota = 0): FarEndSeen => ({ connects, overQuota, messages: 2 });

function many(count: number): { seconds: SecondsOfMany; told: [number, FarEndSeen][] } {
  const told: [number, FarEndSeen][] = [];
  return { seconds: new SecondsOfMany(count, (at, all) => told.push([at, all])), told };
}

test('a second is told once all have spoken of it, added up', () => {
  const { seconds, told } = many(2);
  seconds.add(0, 10, seen(5, 1));
  assert.deepEqual(told, []);
  seconds.add(1, 10, seen(7, 2));
  assert.deepEqual(told, [[10, { connects: 12, overQuota: 3, messages: 4 }]]);
});

test('one that hangs does not silence the others for longer than two seconds', () => {
  const { seconds, told } = many(2);
  for (const at of [10, 11, 12]) seconds.add(0, at, seen(5));
  assert.deepEqual(
    told.map(([at]) => at),
    [10],
  );
});

test('what comes late counts with the next second: nothing that happened is lost', () => {
  const { seconds, told } = many(2);
  for (const at of [10, 11, 12, 13]) seconds.add(0, at, seen(1));
  for (const at of [10, 11, 12, 13, 14]) seconds.add(1, at, seen(1));
  seconds.add(0, 14, seen(1));
  const connects = told.reduce((sum, [, { connects }]) => sum + connects, 0);
  assert.equal(connects, 10);
  const moments = told.map(([at]) => at);
  assert.deepEqual(
    moments,
    moments.toSorted((one, other) => one - other),
  );
});
