// Whether this carrier answers `/ready` with yes: it accepts, it is not draining, and control has not lately said otherwise.

import type { Clock } from '../core/clock.ts';
import type { Readiness } from '../core/ports.ts';
import { readVerdict } from './verdict.ts';

/** A health check may come often; the file is looked at this often at most. */
const LOOK_MS = 1_000;

export interface CarrierReadiness extends Readiness {
  isDraining(): boolean;
  setAccepting(isAccepting: boolean): void;
  /** For good: a carrier that drains ends. */
  setDraining(): void;
}

export function createReadiness(deps: { readonly runtime: string; readonly clock: Clock }): CarrierReadiness {
  const { runtime, clock } = deps;
  let phase: 'starting' | 'accepting' | 'draining' = 'starting';
  let lookedMs = -Infinity;
  let isVetoed = false;

  const vetoed = (): boolean => {
    if (clock.nowMs() - lookedMs >= LOOK_MS) {
      lookedMs = clock.nowMs();
      isVetoed = readVerdict(runtime, clock)?.ready === false;
    }
    return isVetoed;
  };
  return {
    isReady: () => phase === 'accepting' && !vetoed(),
    isDraining: () => phase === 'draining',
    setAccepting(isAccepting) {
      if (phase !== 'draining') phase = isAccepting ? 'accepting' : 'starting';
    },
    setDraining() {
      phase = 'draining';
    },
  };
}
