import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { atOwnPace } from './clock.ts';
import { RestingClock } from './resting-clock.ts';

function counted(clock: RestingClock, periodMs: number): () => number {
  let count = 0;
  clock.every(periodMs, () => (count += 1));
  return () => count;
}

test('in a rest all comes in the rest’s period, what is rarer in its own, and at work as before', () => {
  const time = new FakeClock();
  let began = 0;
  const clock = new RestingClock(time, 4_000, () => (began += 1));
  const [often, seldom] = [counted(clock, 500), counted(clock, 10_000)];
  time.advance(10_000);
  assert.deepEqual([often(), seldom(), clock.restMs], [20, 1, null]);
  clock.rest();
  assert.equal(began, 1);
  clock.restIf(true);
  assert.equal(began, 1, 'it rests already');
  const late = counted(clock, 1_000);
  time.advance(20_500);
  assert.deepEqual([often(), seldom(), late(), clock.restMs], [26, 3, 5, 4_000], 'each has had the turn that it waited for');
  clock.restIf(false);
  time.advance(10_000);
  assert.deepEqual([often(), seldom(), late(), clock.restMs], [46, 4, 15, null]);
});

test('without a period to rest by it never rests', () => {
  const time = new FakeClock();
  const clock = new RestingClock(time, null, () => assert.fail('it rests'));
  const often = counted(clock, 500);
  clock.rest();
  time.advance(4_000);
  assert.deepEqual([often(), clock.restMs], [8, null]);
});

test('what was cancelled does not come back, whatever it does then', () => {
  const time = new FakeClock();
  const clock = new RestingClock(time, 4_000);
  let count = 0;
  const cancel = clock.every(500, () => (count += 1));
  const cancelOwn = atOwnPace(clock, 500, () => {
    count += 1;
    return 700;
  });
  clock.rest();
  cancel();
  cancelOwn();
  clock.work();
  time.advance(10_000);
  assert.equal(count, 0);
});

test('whoever begins or ends a rest in its turn takes nobody else’s', () => {
  const time = new FakeClock();
  const clock = new RestingClock(time, 4_000);
  const came: string[] = [];
  const turns = ['rest', 'work', 'rest'];
  clock.every(1_000, () => {
    const turn = turns.shift();
    if (turn === 'rest') clock.rest();
    else clock.work();
    came.push(turn ?? '');
  });
  clock.every(1_000, () => came.push('other'));
  time.advance(1_000);
  assert.deepEqual(came.splice(0), ['rest', 'other']);
  time.advance(4_000);
  assert.deepEqual(came.splice(0), ['work']);
  time.advance(1_000);
  assert.deepEqual(came.splice(0).toSorted(), ['other', 'rest'], 'the other’s own comes within its period');
});

test('what comes after a while, once, comes when it was wanted', () => {
  const time = new FakeClock();
  const clock = new RestingClock(time, 4_000);
  clock.rest();
  let count = 0;
  clock.after(100, () => (count += 1));
  time.advance(100);
  assert.equal(count, 1);
  assert.equal(clock.nowMs(), time.nowMs());
  assert.equal(clock.wallMs(), time.wallMs());
});
