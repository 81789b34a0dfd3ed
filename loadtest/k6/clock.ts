// Unix time in milliseconds and parts of them. k6's Date counts whole ones, which is more than a tunnel takes on one machine.

import exec from 'k6/execution';

export type Now = () => number;

/** To be called inside an iteration. Waits for the next millisecond, once: from there on the run's own clock goes on more finely. */
export function fineClock(): Now {
  const coarse = Date.now();
  let edge = coarse;
  while (edge === coarse) edge = Date.now();
  // k6 makes `instance` anew each time it is asked for.
  const { instance } = exec;
  const originMs = edge - instance.currentTestRunDuration;
  return () => originMs + instance.currentTestRunDuration;
}
