import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bySchedule } from './schedule.ts';
import { FakeClock } from './testing/fake-clock.ts';

const EVERY_MS = 15_000;
const HOUR_MS = 3_600_000;

/** Moves as the other does, and can be set. */
class SettableClock extends FakeClock {
  setByMs = 0;

  override wallMs(): number {
    return super.wallMs() + this.setByMs;
  }
}

function start(work: () => Promise<void> = () => Promise.resolve(), jitterMs = 0) {
  const clock = new SettableClock();
  const startsMs: number[] = [];
  const next = (count: number): Date[] => {
    const first = Math.floor(clock.wallMs() / EVERY_MS) + 1;
    return Array.from({ length: count }, (_, index) => new Date((first + index) * EVERY_MS));
  };
  const schedule = bySchedule('*/15 * * * * *', { clock, random: () => 0.5, jitterMs, nextRuns: next }, () => {
    startsMs.push(clock.nowMs());
    return work();
  });
  /** In steps, as time goes: what work has ended is known by the next. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(Math.min(500, left));
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { clock, startsMs, schedule, pass };
}

test('it runs when the schedule says, each time later by chance', async () => {
  const { startsMs, pass, schedule } = start(undefined, 3_000);
  await pass(60_000);
  assert.deepEqual(startsMs, [16_500, 31_500, 46_500]);
  schedule.stop();
  await pass(60_000);
  assert.equal(startsMs.length, 3);
});

for (const [what, byMs] of [
  ['back by an hour', -HOUR_MS],
  ['forward by an hour', HOUR_MS],
  ['forward by a year', 365 * 24 * HOUR_MS],
  ['back by a year', -365 * 24 * HOUR_MS],
] as const) {
  test(`it goes on when the machine's clock is set ${what}`, async () => {
    const { clock, startsMs, pass } = start();
    await pass(31_000);
    assert.deepEqual(startsMs, [15_000, 30_000]);
    clock.setByMs = byMs;
    await pass(30_000);
    assert.deepEqual(startsMs, [15_000, 30_000, 45_000, 60_000]);
  });
}

test('a timer that fires a moment early does not have a run twice', async () => {
  const { clock, startsMs, pass } = start();
  await pass(14_000);
  // Within what slewing may do: the run is due by one clock, and a moment ahead by the other.
  clock.setByMs = -40;
  await pass(2_000);
  assert.deepEqual(startsMs, [15_000]);
});

test('work that takes longer than the schedule is not begun twice', async () => {
  let end: () => void = () => {};
  const { startsMs, pass } = start(() => new Promise((resolve) => (end = resolve)));
  await pass(61_000);
  assert.deepEqual(startsMs, [15_000]);
  end();
  await pass(15_000);
  assert.deepEqual(startsMs, [15_000, 75_000]);
});

test('node-cron reads the schedule', () => {
  const schedule = bySchedule('*/15 * * * * *', { clock: new FakeClock(), random: () => 0, jitterMs: 0 }, () => Promise.resolve());
  const runs = schedule.nextRuns(3).map((run) => run.getTime());
  assert.equal((runs[2] ?? 0) - (runs[0] ?? 0), 30_000);
  assert.equal((runs[0] ?? 1) % 15_000, 0);
  schedule.stop();
});
