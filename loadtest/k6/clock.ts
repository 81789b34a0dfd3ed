// The clock of a VU. k6's Date counts whole milliseconds, which is more than a tunnel takes on one machine. What k6 v2.2.0 gives as the duration
// of the run is Unix time less that of its start, in milliseconds and parts, and it stamps its events by the same clock.

import exec from 'k6/execution';
import { fineClock, type Now } from '../shared/fine-clock.ts';

/** To be called inside an iteration. */
export function vuClock(): Now {
  // k6 makes `instance` anew each time it is asked for.
  const { instance } = exec;
  return fineClock({ wholeMs: Date.now, sinceMs: () => instance.currentTestRunDuration });
}
