// Work by a cron schedule. node-cron says when; the waiting is by the clock that only goes up, and begun anew when the machine's clock has been
// set: node-cron's own timers would wait for as long as it was set back by, and count every missed run where it was set forward.

import cron from 'node-cron';
import type { Cancel, Clock } from './clock.ts';

/** How often the machine's clock is compared with the one that only goes up. */
const LOOK_MS = 5_000;
/** Further than any slewing goes in one wait. */
const SET_MS = 1_500;

export interface ScheduleDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** Of each start, by chance: not all nodes in the same moment. */
  readonly jitterMs: number;
  /** So many runs from now on, by the machine's clock; node-cron's unless given. */
  readonly nextRuns?: (count: number) => readonly Date[];
}

export interface Schedule {
  nextRuns(count: number): readonly Date[];
  stop(): void;
}

/** Work that still runs when the next run is due is not begun again. `work` never rejects. */
export function bySchedule(text: string, { clock, random, jitterMs, ...deps }: ScheduleDeps, work: () => Promise<void>): Schedule {
  const task = cron.createTask(text, () => {});
  const nextRuns = deps.nextRuns ?? ((count: number) => task.getNextRuns(count));
  let cancelLook: Cancel = () => {};
  let cancelStart: Cancel = () => {};
  let isBusy = false;

  const begin = (): void => {
    if (isBusy) return;
    isBusy = true;
    cancelStart = clock.after(random() * jitterMs, () => {
      void work().finally(() => {
        isBusy = false;
      });
    });
  };
  const arm = (afterMs: number): void => {
    const offsetMs = clock.wallMs() - clock.nowMs();
    // A timer that fires a moment early must not have the same run twice.
    const next = nextRuns(2).find((run) => run.getTime() > afterMs);
    if (next === undefined) return;
    const look = (): void => {
      if (Math.abs(clock.wallMs() - clock.nowMs() - offsetMs) > SET_MS) return arm(Number.NEGATIVE_INFINITY);
      const leftMs = next.getTime() - offsetMs - clock.nowMs();
      if (leftMs > 0) cancelLook = clock.after(Math.min(leftMs, LOOK_MS), look);
      else {
        begin();
        arm(next.getTime());
      }
    };
    look();
  };
  arm(Number.NEGATIVE_INFINITY);
  return {
    nextRuns,
    stop() {
      cancelLook();
      cancelStart();
      void task.destroy();
    },
  };
}
