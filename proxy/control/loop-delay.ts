// How late this process's event loop is: the median since the last look, and the 99th percentile of some seconds. What a percentile would call
// an emergency may be one pause; what the median calls late has been late all the time. One timer serves both: each wakes the process.

import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** Ten turns or so between two looks, and few enough that an idle process sleeps. */
const RESOLUTION_MS = 50;
/** The 99th percentile is of at most so many looks. */
const LOOKS_MAX = 20;

export interface LoopDelay {
  /** Seconds: the median since the last look. */
  look(): number;
  /** Seconds: the 99th percentile of the last looks. */
  worst(): number;
}

export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const long = createHistogram();
  let looks = 0;
  // The timer that measures is late by its own period even on an idle loop.
  const seconds = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1_000);
  return {
    look() {
      if (looks === LOOKS_MAX) {
        looks = 0;
        long.reset();
      }
      looks += 1;
      const { count } = histogram;
      if (count === 0) return 0;
      const median = seconds(histogram.percentile(50));
      // The runtime adds up no histograms that watch a loop; each of its few turns is a percentile of its own.
      for (let turn = 1; turn <= count; turn += 1) long.record(Math.max(1, Math.round(histogram.percentile((100 * turn) / count))));
      histogram.reset();
      return median;
    },
    worst: () => (long.count === 0 ? 0 : seconds(long.percentile(99))),
  };
}
