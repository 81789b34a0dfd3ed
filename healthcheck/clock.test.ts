import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from './clock.ts';
import { FakeClock } from './testing/fake-clock.ts';

test('a sleep ends after its time', async () => {
  const clock = new FakeClock();
  let isOver = false;
  const sleeping = sleep(clock, 1_000).then(() => (isOver = true));
  clock.advance(999);
  await Promise.resolve();
  assert.ok(!isOver);
  clock.advance(1);
  await sleeping;
});

test('a sleep of no time ends', async () => {
  await sleep(new FakeClock(true), 0);
});
