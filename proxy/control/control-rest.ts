// Whether control may rest: all carriers do, all is well, and the same carriers serve by the same configuration as at the last look.

import type { SlotView } from '../core/supervision.ts';
import { BEAT_MS } from '../core/supervision.ts';
import type { CarrierStatus } from './carrier-api.ts';
import type { Verdict } from './verdict.ts';

export interface Looked {
  readonly verdict: Verdict;
  /** The judge would want to see more. */
  readonly isInDoubt: boolean;
  readonly slots: readonly Pick<SlotView, 'word'>[];
  /** Null for one that does not answer. */
  readonly carriers: readonly (CarrierStatus | null)[];
}

/** `before` is null behind a start. */
export function isStill(before: Looked | null, now: Looked): boolean {
  const { verdict, isInDoubt, slots, carriers } = now;
  const isWell = verdict.ready && verdict.fullUpstreams.length === 0 && !isInDoubt;
  const doAllRest = slots.length > 0 && slots.every(({ word }) => (word?.withinMs ?? BEAT_MS) > BEAT_MS);
  const areReady = carriers.every((carrier) => carrier !== null && carrier.ready);
  return isWell && doAllRest && areReady && before !== null && namesOf(before) === namesOf(now);
}

/** Who serves, and by which configuration. Not what concerns a node that is ready: that is news for its readers, and no reason to look more often. */
function namesOf({ carriers }: Looked): string {
  return JSON.stringify(carriers.map((carrier) => [carrier?.pid, carrier?.policyVersion]));
}
