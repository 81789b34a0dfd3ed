import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarrierRest } from './carrier-rest.ts';
import { RestingClock } from '../core/resting-clock.ts';
import { FakeClock } from '../test/support/fake-clock.ts';

function harness(restMs: number | null = 4_000) {
  const time = new FakeClock();
  const now = { hasWork: false, isAtWork: false, began: 0 };
  const clock = new RestingClock(time, restMs, () => (now.began += 1));
  const rest = new CarrierRest({ clock, hasWork: () => now.hasWork });
  clock.every(1_000, () => rest.look(now.isAtWork));
  const come = (count: number): void => {
    for (let each = 0; each < count; each += 1) rest.connection();
  };
  return { time, clock, now, come };
}

test('a carrier that has nothing to do rests from its first look on, and says so once', () => {
  const { time, clock, now } = harness();
  assert.equal(clock.restMs, null);
  time.advance(1_000);
  assert.deepEqual([clock.restMs, now.began], [4_000, 1]);
  time.advance(20_000);
  assert.deepEqual([clock.restMs, now.began], [4_000, 1]);
});

test('ten connections a second keep no carrier from its rest, eleven do', () => {
  const { time, clock, come } = harness();
  for (const [count, restMs] of [
    [10, 4_000],
    [11, null],
    [10, 4_000],
  ] as const) {
    clock.work();
    come(count);
    time.advance(1_000);
    assert.equal(clock.restMs, restMs, `${count} connections`);
  }
});

test('a rest ends with the connection that is one too many, and is not taken up again before a whole second was quiet', () => {
  const { time, clock, come, now } = harness();
  time.advance(1_000);
  come(40);
  assert.equal(clock.restMs, 4_000);
  come(1);
  assert.equal(clock.restMs, null);
  time.advance(1_000);
  assert.equal(clock.restMs, null, 'in that second they came');
  time.advance(1_000);
  assert.deepEqual([clock.restMs, now.began], [4_000, 2]);
});

test('whatever has to be looked at each second keeps it from resting, and ends a rest at the next look', () => {
  const { time, clock, now } = harness();
  for (const work of ['hasWork', 'isAtWork'] as const) {
    clock.work();
    now[work] = true;
    time.advance(5_000);
    assert.equal(clock.restMs, null);
    now[work] = false;
    time.advance(1_000);
    assert.equal(clock.restMs, 4_000);
    now[work] = true;
    time.advance(4_000);
    assert.equal(clock.restMs, null);
    now[work] = false;
  }
});

test('under a supervisor that knows no rest it does not rest', () => {
  const { time, clock, now } = harness(null);
  time.advance(10_000);
  assert.deepEqual([clock.restMs, now.began], [null, 0]);
});
