import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestingClock } from '../core/resting-clock.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { ChildWatch } from './child-watch.ts';

/** A clock that goes on while nobody has a turn. */
class SleepingClock extends FakeClock {
  asleepMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.asleepMs;
  }
}

function harness() {
  const time = new SleepingClock();
  const child = { isCalm: false, isResting: false };
  const looks: { atMs: number; late: boolean }[] = [];
  const clock = new RestingClock(time, 4_000);
  const watch = new ChildWatch({ clock, keepers: () => [child], look: (late) => looks.push({ atMs: time.nowMs(), late }) });
  watch.start();
  /** Looks within so long. */
  const within = (ms: number): number => {
    const before = looks.length;
    time.advance(ms);
    return looks.length - before;
  };
  return { time, child, looks, watch, within, clock };
}

test('it looks often while a child is not calm, each second while one works, and each 4 s while all rest', () => {
  const { child, looks, within } = harness();
  assert.equal(within(1_000), 4);
  child.isCalm = true;
  within(250);
  assert.equal(within(5_000), 5);
  child.isResting = true;
  within(1_000);
  assert.equal(within(40_000), 10);
  child.isCalm = child.isResting = false;
  within(4_000);
  assert.equal(within(1_000), 4, 'the rest is over with the look that finds it so');
  assert.ok(looks.every(({ late }) => !late));
});

test('a child that stirs ends the rest before the next look', () => {
  const { child, watch, within, clock } = harness();
  child.isCalm = child.isResting = true;
  within(2_000);
  assert.ok(within(3_900) <= 1);
  child.isResting = false;
  watch.stirred();
  assert.equal(clock.restMs, null);
  assert.equal(within(1_000), 1);
});

test('a look is late where this process had no turn, at work and in a rest, and not for the end of a rest', () => {
  for (const isResting of [false, true]) {
    const { child, looks, watch, within, time } = harness();
    Object.assign(child, { isCalm: true, isResting });
    within(9_000);
    child.isResting = false;
    watch.stirred();
    within(1_500);
    assert.ok(
      looks.every(({ late }) => !late),
      'no look before the sleep is late',
    );
    child.isResting = isResting;
    within(4_000);
    time.asleepMs += 6_000;
    within(4_000);
    assert.equal(looks.filter(({ late }) => late).length, 1);
  }
});

test('stopped, it looks no more', () => {
  const { watch, within } = harness();
  watch.stop();
  assert.equal(within(10_000), 0);
});
