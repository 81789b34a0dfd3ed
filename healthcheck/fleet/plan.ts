// Desired and observed to changes. Pure: no clock, no chance, no network; the same input gives the same plan.

import { type CheckPlan, planChecks } from './check-plan.ts';
import { desiredRecords } from './desired.ts';
import type { Fleet } from './fleet.ts';
import { type HeldBack, letOneGo } from './guard.ts';
import type { Observed } from './observed.ts';
import { conflictsIn, type RecordChange, recordChanges } from './record-plan.ts';

export interface Plan {
  readonly checks: CheckPlan;
  /** One batch: all of them or none. */
  readonly records: readonly RecordChange[];
  /** The slot that this batch takes load from; at most one. */
  readonly withdraws: string | null;
  /** Withdrawals that are left out of this batch. */
  readonly heldBack: readonly HeldBack[];
  /** Records under our names that are not ours: nothing is changed then. */
  readonly conflicts: readonly string[];
}

const NO_CHECKS: CheckPlan = { create: [], update: [], tag: [], remove: [] };

/** `mayWithdraw` is false where the last withdrawal was too short a time ago. */
export function makePlan(fleet: Fleet, observed: Observed, mayWithdraw = true): Plan {
  const conflicts = conflictsIn(fleet, observed.records);
  if (conflicts.length > 0) return { checks: NO_CHECKS, records: [], withdraws: null, heldBack: [], conflicts };

  const { plan: checks, checkOf } = planChecks(fleet, observed);
  const wanted = recordChanges(fleet, desiredRecords(fleet), observed.records, checkOf);
  const { changes, keptChecks, withdraws, heldBack } = letOneGo({ fleet, observed, wanted, mayWithdraw });
  const remove = checks.remove.filter(({ id }) => !keptChecks.has(id));
  return { checks: { ...checks, remove }, records: changes, withdraws, heldBack, conflicts: [] };
}

/** Nothing to do and nothing that waits. */
export function isSettled({ checks, records, heldBack, conflicts }: Plan): boolean {
  const left = [checks.create, checks.update, checks.tag, checks.remove, records, heldBack, conflicts];
  return left.every((list) => list.length === 0);
}

/** Whether applying it would change anything. */
export function isEmpty({ checks, records }: Plan): boolean {
  return [checks.create, checks.update, checks.tag, checks.remove, records].every((list) => list.length === 0);
}
