// The guard rails: of all that a file asks for, what this run may take out of DNS. What adds load capacity always may. Pure.

import { setIdentifierOf } from './desired.ts';
import type { Fleet } from './fleet.ts';
import { isHealthy, isProven, type Observed, type ObservedCheck, type ObservedRecord } from './observed.ts';
import { isAsWanted, type RecordChange, type TargetRecord } from './record-plan.ts';
import type { Role } from './schema.ts';

export interface HeldBack {
  readonly slot: string;
  /** `waits`: a later run does it. `refused`: no run does, while things are as they are. */
  readonly how: 'waits' | 'refused';
  readonly why: string;
}

export interface Wanted {
  readonly fleet: Fleet;
  readonly observed: Observed;
  readonly wanted: readonly RecordChange[];
  /** False where the last withdrawal was too short a time ago. */
  readonly mayWithdraw: boolean;
}

export interface Guarded {
  readonly changes: readonly RecordChange[];
  /** Checks on which records that were held back still hang. */
  readonly keptChecks: ReadonlySet<string>;
  readonly withdraws: string | null;
  readonly heldBack: readonly HeldBack[];
}

/** Lets everything through that takes nothing away, and at most one slot's withdrawal. */
export function letOneGo(input: Wanted): Guarded {
  const slots = slotsOf(input);
  const heldBack: HeldBack[] = [];
  let withdraws: string | null = null;
  for (const id of new Set(input.wanted.filter(takesAway).map(({ slot }) => slot))) {
    const why = refusal(input.fleet, slots, id);
    if (why !== null) heldBack.push({ slot: id, how: 'refused', why });
    else if (withdraws !== null) heldBack.push({ slot: id, how: 'waits', why: `one slot at a time, and ${withdraws} is first` });
    else if (!input.mayWithdraw) heldBack.push({ slot: id, how: 'waits', why: 'the last one left a moment ago; resolvers still have it' });
    else withdraws = id;
  }
  const held = new Set(heldBack.map(({ slot }) => slot));
  const isHeld = ({ slot }: RecordChange): boolean => held.has(slot);
  return {
    changes: input.wanted.flatMap((change) => (isHeld(change) ? withoutLoss(change, input.fleet.ttlS) : [change])),
    keptChecks: new Set(input.wanted.filter(isHeld).flatMap(({ before }) => before?.checkId ?? [])),
    withdraws,
    heldBack,
  };
}

/** Whether agents that come to this address now would come to it less, or no more. */
function takesAway({ kind, before, after }: RecordChange): boolean {
  if (before === null || before.weight === 0) return false;
  if (after === null || before.values[0] !== after.address) return true;
  return kind === 'weighted' && (after.weight ?? 0) < (before.weight ?? 0);
}

/** One slot as it is and as the file wants it. */
interface SlotState {
  readonly id: string;
  readonly weight: number;
  readonly weightAfter: number;
  readonly isHealthy: boolean;
  /** Has a record, and is no spare: its absence is felt. */
  readonly isInPlay: boolean;
  /** Counted only where checkers have said so: a check that was made a moment ago promises nothing. */
  readonly isProven: boolean;
}

function slotsOf({ fleet, observed, wanted }: Wanted): SlotState[] {
  const checks = new Map(observed.checks.map((check) => [check.id, check]));
  const states = new Map<string, SlotState>();
  const add = (id: string, record: ObservedRecord | null, weightAfter: number, role: Role): void => {
    const check: ObservedCheck | undefined = checks.get(record?.checkId ?? '');
    const weight = record?.weight ?? 0;
    states.set(id, {
      ...{ id, weight, weightAfter },
      isInPlay: weight > 0 || (record !== null && role !== 'spare'),
      isHealthy: check === undefined || isHealthy(check),
      isProven: check !== undefined && isProven(check),
    });
  };
  const weighted = observed.records.filter(({ name, type }) => name === fleet.name && type === 'A');
  for (const { id, weight, address, role } of fleet.slots) {
    const record = weighted.find(({ setIdentifier }) => setIdentifier === setIdentifierOf(fleet.owner, id)) ?? null;
    // Another address is another machine: nothing is known of it yet.
    add(id, record, record !== null && record.values[0] !== address ? 0 : weight, role);
  }
  for (const { slot, kind, before, after } of wanted)
    if (kind === 'weighted' && after === null && before !== null) add(slot, before, 0, 'spare');
  return [...states.values()];
}

/** Why this slot may not go; null where it may. The others gain what they gain in this batch, and lose nothing: only one goes. */
function refusal({ guard }: Fleet, slots: readonly SlotState[], leaving: string): string | null {
  const after = ({ id, weight, weightAfter }: SlotState): number => (id === leaving ? weightAfter : Math.max(weight, weightAfter));
  const proven = slots.filter((slot) => slot.isProven);
  const healthyBefore = sum(proven.map(({ weight }) => weight));
  if (healthyBefore === 0) return 'no slot with a weight is seen healthy; Route 53 serves all of them now, and nothing is taken out';

  const healthyAfter = sum(proven.map(after));
  if (healthyAfter < guard.minWeight && healthyAfter < healthyBefore)
    return `healthy weight would fall from ${healthyBefore} to ${healthyAfter}, below guard.minWeight ${guard.minWeight}`;

  const inPlay = slots.filter((slot) => slot.isInPlay);
  const outBefore = inPlay.filter(({ weight, isHealthy }) => weight === 0 || !isHealthy).length;
  const outAfter = inPlay.filter((slot) => after(slot) === 0 || !slot.isHealthy).length;
  if (outAfter > outBefore && outAfter > guard.withdrawnShare * inPlay.length)
    return `${outAfter} of ${inPlay.length} slots would be out, more than guard.withdrawnShare ${guard.withdrawnShare} allows`;
  return null;
}

/** What may happen to a record of a slot that is held back: its weight may rise, and its TTL follows the others'. */
function withoutLoss(change: RecordChange, ttlS: number): RecordChange[] {
  const { before, after, slot, kind, name, setIdentifier } = change;
  if (before === null) return [];
  const address = before.values[0] ?? '';
  const isSameAddress = after?.address === address;
  const weight = before.weight === null ? null : Math.max(before.weight, isSameAddress ? (after.weight ?? 0) : 0);
  const checkId = isSameAddress ? after.checkId : before.checkId;
  const kept: TargetRecord = { slot, kind, name, setIdentifier, ttlS, address, weight, checkId };
  return isAsWanted(before, kept) ? [] : [{ ...change, after: kept }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
