// Slots that `fleet drain` has taken out. That a slot is drained stands in the zone, as a tag of its health check: every reconciler sees it,
// wherever it runs, and none gives the slot its weight back while it is emptied. Pure.

import { TAG } from './desired.ts';
import type { Fleet, Slot } from './fleet.ts';
import type { Observed, ObservedCheck } from './observed.ts';

/** The fleet as the file says, but without weight for what is drained. */
export function withDrained(fleet: Fleet, observed: Observed): Fleet {
  const slots = fleet.slots.map((slot) => {
    const since = drainedSince(fleet, observed, slot.id);
    return since === null ? slot : drained(slot, since);
  });
  return { ...fleet, slots };
}

/** The same with one more. */
export function withOneDrained(fleet: Fleet, slot: string, since: string): Fleet {
  return {
    ...fleet,
    slots: fleet.slots.map((other) => (other.id === slot && other.drainedSince === null ? drained(other, since) : other)),
  };
}

function drained(slot: Slot, since: string): Slot {
  return { ...slot, weight: 0, drainedSince: since };
}

export function drainedSince(fleet: Pick<Fleet, 'owner' | 'name'>, observed: Observed, slot: string): string | null {
  return checksOf(fleet, observed, slot).find(({ tags }) => TAG.drained in tags)?.tags[TAG.drained] ?? null;
}

/** Every check of ours of that slot: while one takes the place of another there are two. */
export function checksOf(fleet: Pick<Fleet, 'owner' | 'name'>, { checks }: Observed, slot: string): ObservedCheck[] {
  return checks.filter(({ tags }) => tags[TAG.owner] === fleet.owner && tags[TAG.name] === fleet.name && tags[TAG.slot] === slot);
}
