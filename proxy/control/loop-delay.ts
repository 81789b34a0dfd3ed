// How late this process's event loop is: the median since the last look, and the 99th percentile of some seconds. What a percentile would call
// an emergency may be one pause; what the median calls late has been late all the time. One timer serves both, and only while the loop is at
// work: each time that it comes wakes the process, and a loop that sleeps is not late.

import type { Clock } from '../core/clock.ts';
import { createHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** Ten turns or so between two looks. */
const RESOLUTION_MS = 50;
/** The 99th percentile is of at most so long. */
const WINDOW_MS = 20_000;
/** The share of the time since the last look in which the loop had something to do: from here on it is at work. */
const AT_WORK = 0.1;
/** A loop that waits for a processor has nothing to do by its own count. */
const LATE_MS = 100;

export interface LoopDelay {
  /** Seconds: the median since the last look. `lateMs`: how late this one is, all there is to go by where the loop was asleep, and no median. */
  look(lateMs: number): number;
  /** Seconds: the 99th percentile of the last looks. */
  worst(): number;
  /** At the last look the loop was at work. */
  readonly isAtWork: boolean;
}

export function watchLoopDelay(clock: Pick<Clock, 'nowMs'>): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const long = createHistogram();
  let fromMs = clock.nowMs();
  let median = 0;
  let used = performance.eventLoopUtilization();
  let isAtWork = true;
  histogram.enable();

  // The timer that measures is late by its own period even on an idle loop.
  const seconds = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1_000);
  const record = (ns: number): void => long.record(Math.max(1, Math.round(ns)));
  /** The runtime adds up no histograms that watch a loop; each of its few turns is a percentile of its own. */
  const readTurns = (): void => {
    const { count } = histogram;
    // A turn that is longer than a look has not ended: what the last one said holds, and to reset would lose the beginning of this one.
    if (count === 0) return;
    median = seconds(histogram.percentile(50));
    for (let turn = 1; turn <= count; turn += 1) record(histogram.percentile((100 * turn) / count));
    histogram.reset();
  };
  return {
    look(lateMs) {
      const nowMs = clock.nowMs();
      if (nowMs - fromMs >= WINDOW_MS) {
        fromMs = nowMs;
        long.reset();
      }
      if (isAtWork) readTurns();
      else {
        median = 0;
        record((lateMs + RESOLUTION_MS) * 1e6);
      }
      const before = used;
      used = performance.eventLoopUtilization();
      isAtWork = lateMs > LATE_MS || performance.eventLoopUtilization(used, before).utilization >= AT_WORK;
      if (isAtWork) histogram.enable();
      else {
        histogram.disable();
        histogram.reset();
      }
      return median;
    },
    worst: () => (long.count === 0 ? 0 : seconds(long.percentile(99))),
    get isAtWork() {
      return isAtWork;
    },
  };
}
