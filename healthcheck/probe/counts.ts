// Rounds in a row, for each endpoint: one bad round is no failure, and one good one no recovery. Pure.

import type { Attempt, EndpointState } from './contract.ts';

/** Whether an endpoint was reached, by all attempts at it; null where none of them could tell. */
export function reached(attempts: readonly Attempt[]): boolean | null {
  const clear = attempts.filter(({ outcome }) => outcome !== 'unclear');
  return clear.length === 0 ? null : clear.every(({ outcome }) => outcome === 'through');
}

export function firstState(name: string): EndpointState {
  return { name, ok: null, failed: 0, succeeded: 0, isFailing: false, alone: 0, isMine: false };
}

/** `failures` rounds in a row make it failing, and as many good ones well again; a round that cannot tell changes nothing. Whose matter it is the rule says. */
export function nextState(before: EndpointState, ok: boolean | null, failures: number): EndpointState {
  if (ok === null) return before;
  const failed = ok ? 0 : before.failed + 1;
  const succeeded = ok ? before.succeeded + 1 : 0;
  const isFailing = before.isFailing ? succeeded < failures : failed >= failures;
  return { ...before, ok, failed, succeeded, isFailing };
}
