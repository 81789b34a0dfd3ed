// How late this process's event loop is: the median since the last look. What a percentile would call an emergency may be one pause; what
// the median calls late has been late all the time.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Ten turns or so between two looks, and few enough that an idle process sleeps. */
const RESOLUTION_MS = 50;

export interface LoopDelay {
  /** Seconds. */
  look(): number;
}

export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    look() {
      // The timer that measures is late by its own period even on an idle loop.
      const seconds = histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(50) / 1e9 - RESOLUTION_MS / 1_000);
      histogram.reset();
      return seconds;
    },
  };
}
