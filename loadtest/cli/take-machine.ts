// This machine for one run: nothing else measures on it, and nothing of a rig that was killed is left on it.

import { endLeftover, type Lock, takeLock } from '../rig/lock.ts';

/** In words where another rig has it. */
export function takeMachine(): Lock | string {
  const taken = takeLock();
  if (!taken.ok) return taken.why;
  if (taken.leftover !== null && endLeftover(taken.leftover) > 0) console.error('ended what a load test that was killed had left behind');
  return taken.lock;
}
