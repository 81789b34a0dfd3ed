// Which records to make, change and delete, before the guard rails have their say. Pure.

import { type DesiredRecord, type RecordKind, slotOf } from './desired.ts';
import type { Fleet } from './fleet.ts';
import type { ObservedCheck, ObservedRecord } from './observed.ts';

export interface TargetRecord extends DesiredRecord {
  /** Null: the check that the same plan makes for this slot. */
  readonly checkId: string | null;
}

export interface RecordChange {
  readonly slot: string;
  readonly kind: RecordKind;
  readonly name: string;
  readonly setIdentifier: string;
  /** Null where it is made. */
  readonly before: ObservedRecord | null;
  /** Null where it is deleted. */
  readonly after: TargetRecord | null;
}

/** Answers of other kinds stand beside ours without harm; these do not. */
const OUR_TYPES: ReadonlySet<string> = new Set(['A', 'CNAME']);

/** Records that would mix with ours, or that Route 53 would not let ours stand beside: in words, one each. */
export function conflictsIn(fleet: Fleet, records: readonly ObservedRecord[]): string[] {
  return records
    .filter((record) => OUR_TYPES.has(record.type) && !isOurs(fleet, record))
    .map(({ name, type, setIdentifier, values }) => {
      const which = setIdentifier === null ? `${name} ${type}` : `${name} ${type} ${setIdentifier}`;
      return `${which} (${values.join(', ') || 'an alias'})`;
    });
}

function isOurs(fleet: Fleet, record: ObservedRecord): boolean {
  const isOfItsKind = record.name === fleet.name ? record.weight !== null : record.isMultivalue;
  return record.type === 'A' && isOfItsKind && slotOf(fleet.owner, record.setIdentifier) !== null;
}

/** In the file's order, those of slots that are gone at the end. `checkOf` gives null for a check that is yet to be made. */
export function recordChanges(
  fleet: Fleet,
  desired: readonly DesiredRecord[],
  records: readonly ObservedRecord[],
  checkOf: (slot: string) => ObservedCheck | null,
): RecordChange[] {
  const ours = records.filter((record) => isOurs(fleet, record));
  const wanted = desired.flatMap((record): RecordChange[] => {
    const { slot, kind, name, setIdentifier } = record;
    const before = ours.find((found) => found.name === name && found.setIdentifier === setIdentifier) ?? null;
    const after: TargetRecord = { ...record, checkId: checkOf(slot)?.id ?? null };
    return before !== null && isAsWanted(before, after) ? [] : [{ slot, kind, name, setIdentifier, before, after }];
  });
  const gone = ours.flatMap((before): RecordChange[] => {
    const { name, setIdentifier } = before;
    if (setIdentifier === null || desired.some((record) => record.name === name && record.setIdentifier === setIdentifier)) return [];
    const slot = slotOf(fleet.owner, setIdentifier) ?? '';
    return [{ slot, kind: name === fleet.name ? 'weighted' : 'multivalue', name, setIdentifier, before, after: null }];
  });
  return [...wanted, ...gone];
}

export function isAsWanted(before: ObservedRecord, after: TargetRecord): boolean {
  return (
    before.weight === after.weight &&
    before.ttlS === after.ttlS &&
    before.checkId === after.checkId &&
    before.values.length === 1 &&
    before.values[0] === after.address
  );
}
