import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep, withinDeadline } from './clock.ts';
import { FakeClock } from './testing/fake-clock.ts';

const late = (): Error => new Error('late');

test('work that is done in time leaves no timer', async () => {
  const clock = new FakeClock();
  assert.equal(await withinDeadline(clock, 1_000, late, () => Promise.resolve('done')), 'done');
  assert.equal(clock.pending, 0);
});

test('work that is late is told so, and the caller hears of it at once', async () => {
  const clock = new FakeClock();
  let isAborted = false;
  const waiting = withinDeadline(clock, 1_000, late, (signal) => {
    signal.addEventListener('abort', () => (isAborted = true));
    return new Promise(() => {});
  });
  clock.advance(999);
  assert.equal(isAborted, false);
  clock.advance(1);
  await assert.rejects(waiting, /late/);
  assert.equal(isAborted, true);
});

test('a failure of the work is the failure of the wait', async () => {
  const clock = new FakeClock();
  await assert.rejects(
    withinDeadline(clock, 1_000, late, () => Promise.reject(new Error('own'))),
    /own/,
  );
  assert.equal(clock.pending, 0);
});

test('a sleep ends by its time or by the signal, whichever comes first', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const byTime = sleep(clock, 10, stop.signal);
  clock.advance(10);
  await byTime;
  const bySignal = sleep(clock, 10, stop.signal);
  stop.abort();
  await bySignal;
  await sleep(clock, 10, stop.signal);
  assert.equal(clock.pending, 0);
});
