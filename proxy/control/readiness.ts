// Whether this carrier answers `/ready` with yes: it accepts, the node does not drain, and control has not lately said otherwise. Control's word is
// looked up once a second, seldom in a rest, and kept: an answer to a health check reads no file.

import type { Clock } from '../core/clock.ts';
import type { Readiness } from '../core/ports.ts';
import type { DrainWatch } from './drain-file.ts';
import { isFresh, readVerdict, type Verdict } from './verdict.ts';

const LOOK_MS = 1_000;

export interface CarrierReadiness extends Readiness {
  /** New tunnels are refused. */
  isDraining(): boolean;
  /** Upstreams, as `ADDRESS:PORT`, towards which the node has hardly a port left, in control's last word. */
  fullUpstreams(): ReadonlySet<string>;
  /** How long the node's own port took to answer, by control's last word; null without one. */
  answerS(): number | null;
  setAccepting(isAccepting: boolean): void;
  /** The node stops: for good. */
  setDraining(): void;
}

const NONE: ReadonlySet<string> = new Set();

export interface ReadinessDeps {
  readonly runtime: string;
  readonly clock: Clock;
  readonly drain: Pick<DrainWatch, 'isOrdered' | 'isRefusing'>;
}

export function createReadiness({ runtime, clock, drain }: ReadinessDeps): CarrierReadiness {
  let phase: 'starting' | 'accepting' | 'draining' = 'starting';
  let last: Verdict | null = null;
  let full = NONE;

  const look = (): void => {
    last = readVerdict(runtime, clock);
    full = last === null ? NONE : new Set(last.fullUpstreams);
  };
  look();
  clock.every(LOOK_MS, look);
  const fresh = (): Verdict | null => (last !== null && isFresh(last, clock) ? last : null);
  return {
    isReady: () => phase === 'accepting' && !drain.isOrdered() && fresh()?.ready !== false,
    isDraining: () => phase === 'draining' || drain.isRefusing(),
    fullUpstreams: () => full,
    answerS: () => fresh()?.answerS ?? null,
    setAccepting(isAccepting) {
      if (phase !== 'draining') phase = isAccepting ? 'accepting' : 'starting';
    },
    setDraining() {
      phase = 'draining';
    },
  };
}
