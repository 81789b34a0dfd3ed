import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createIdSource } from './session-id.ts';

test('an id is twenty characters of base32', () => {
  const newId = createIdSource(randomBytes);
  for (let count = 0; count < 1_000; count += 1) assert.match(newId(), /^[A-Z2-7]{20}$/);
});

test('ids do not repeat, over many refills of the pool', () => {
  const newId = createIdSource(randomBytes);
  const ids = new Set(Array.from({ length: 10_000 }, newId));
  assert.equal(ids.size, 10_000);
});

test('each byte is used once and gives one character, so an id has 100 random bits', () => {
  let next = 0;
  const newId = createIdSource((count) => Buffer.from(Array.from({ length: count }, () => next++ % 256)));
  assert.equal(newId(), 'ABCDEFGHIJKLMNOPQRST');
  assert.equal(newId(), 'UVWXYZ234567ABCDEFGH');
});

test('every character comes up as often as any other', () => {
  const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  const newId = createIdSource((count) => Buffer.concat(Array.from({ length: Math.ceil(count / 256) }, () => every)).subarray(0, count));
  const counts = new Map<string, number>();
  for (let id = 0; id < 64; id += 1) for (const character of newId()) counts.set(character, (counts.get(character) ?? 0) + 1);
  assert.deepEqual(new Set(counts.values()), new Set([40]));
  assert.equal(counts.size, 32);
});

test('random bytes are asked for in large pieces: two ids do not cost two system calls', () => {
  let asked = 0;
  const newId = createIdSource((count) => {
    asked += count > 0 ? 1 : 0;
    return randomBytes(count);
  });
  for (let count = 0; count < 256; count += 1) newId();
  assert.equal(asked, 1);
  newId();
  assert.equal(asked, 2);
});

test('an id that is held costs its own bytes, and not those of what it was made of', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const newId = createIdSource(randomBytes);
  collect();
  const before = process.memoryUsage().heapUsed;
  const held = Array.from({ length: 50_000 }, newId);
  collect();
  const each = (process.memoryUsage().heapUsed - before) / held.length;
  assert.ok(each < 80, `${each.toFixed(0)} bytes an id`);
});
