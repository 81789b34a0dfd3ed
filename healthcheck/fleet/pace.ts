// When load was last taken from a slot, by us or by whoever else, and so whether the next one may go.

import { slotOf } from './desired.ts';
import type { Fleet } from './fleet.ts';
import type { ObservedRecord } from './observed.ts';

/** Of the TTL: resolvers have asked anew by then, and the agents that moved are seen in the next verdicts. */
const TTLS_BETWEEN_WITHDRAWALS = 2;

export class Pace {
  #lastMs: number;
  #seen = new Map<string, ObservedRecord>();

  /** Counted from the start: a reconciler that is started again and again must not take out a slot each time. */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** By ourselves: not to be taken for somebody else's at the next look. */
  withdrew(slot: string, nowMs: number): void {
    this.#lastMs = nowMs;
    this.#seen.delete(slot);
  }

  /** Sees in the records whether somebody took load from a slot since they were looked at last: a second reconciler, or a person. */
  mayWithdraw(fleet: Fleet, records: readonly ObservedRecord[], nowMs: number): boolean {
    const now = new Map<string, ObservedRecord>();
    for (const record of records) {
      const slot = record.name === fleet.name ? slotOf(fleet.owner, record.setIdentifier) : null;
      if (slot !== null) now.set(slot, record);
    }
    for (const [slot, before] of this.#seen) if (isLess(before, now.get(slot))) this.#lastMs = nowMs;
    this.#seen = now;
    return nowMs - this.#lastMs >= TTLS_BETWEEN_WITHDRAWALS * fleet.ttlS * 1_000;
  }
}

function isLess(before: ObservedRecord, now: ObservedRecord | undefined): boolean {
  if ((before.weight ?? 0) === 0) return false;
  return now === undefined || (now.weight ?? 0) < (before.weight ?? 0) || now.values[0] !== before.values[0];
}
