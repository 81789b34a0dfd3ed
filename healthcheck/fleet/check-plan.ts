// Which health checks to make, change, mark and delete. Pure.

import { type CheckConfig, checkTags, type DesiredCheck, desiredChecks, isSameCheck, referenceOf, TAG } from './desired.ts';
import type { Fleet } from './fleet.ts';
import type { Observed, ObservedCheck } from './observed.ts';

export interface CheckUpdate {
  readonly slot: string;
  readonly id: string;
  /** The API refuses the update where somebody else was faster. */
  readonly version: number;
  readonly before: CheckConfig;
  readonly after: CheckConfig;
}

export interface CheckPlan {
  readonly create: readonly DesiredCheck[];
  readonly update: readonly CheckUpdate[];
  readonly tag: readonly { readonly slot: string; readonly id: string }[];
  readonly remove: readonly { readonly slot: string; readonly id: string; readonly why: string }[];
}

export interface PlannedChecks {
  readonly plan: CheckPlan;
  /** The check of a slot; null where it has yet to be made. */
  readonly checkOf: (slot: string) => ObservedCheck | null;
}

export function planChecks(fleet: Fleet, observed: Observed): PlannedChecks {
  const desired = desiredChecks(fleet);
  const ours = observed.checks.filter((check) => isOurs(fleet, desired, check));
  const inUse = new Set(observed.records.map(({ checkId }) => checkId));
  const chosen = new Map<string, ObservedCheck>();
  const create: DesiredCheck[] = [];
  const update: CheckUpdate[] = [];
  for (const wanted of desired) {
    const { slot, config } = wanted;
    const fitting = ours
      .filter((check) => slotOfCheck(fleet, desired, check) === slot && check.config !== null && isSameCheck(check.config, config))
      .toSorted((a, b) => Number(inUse.has(b.id)) - Number(inUse.has(a.id)) || (a.id < b.id ? -1 : 1));
    const [check] = fitting;
    if (check === undefined || check.config === null) {
      create.push(wanted);
      continue;
    }
    chosen.set(slot, check);
    if (differences(check.config, config).length > 0)
      update.push({ slot, id: check.id, version: check.version, before: check.config, after: config });
  }
  const taken = new Set([...chosen.values()].map(({ id }) => id));
  return {
    plan: {
      create,
      update,
      tag: [...chosen].filter(([slot, check]) => !hasTags(check, checkTags(fleet, slot))).map(([slot, { id }]) => ({ slot, id })),
      remove: ours
        .filter(({ id }) => !taken.has(id))
        .map((check) => {
          const slot = slotOfCheck(fleet, desired, check) ?? '';
          const why = fleet.slots.some(({ id }) => id === slot) ? 'another check has taken its place' : 'no such slot any more';
          return { slot, id: check.id, why };
        }),
    },
    checkOf: (slot) => chosen.get(slot) ?? null,
  };
}

function isOurs(fleet: Fleet, desired: readonly DesiredCheck[], check: ObservedCheck): boolean {
  return slotOfCheck(fleet, desired, check) !== null;
}

/**
 * By its tags. A check without any was cut short between being made and being marked: by its CallerReference, where that is of a check that
 * we want.
 */
function slotOfCheck(fleet: Fleet, desired: readonly DesiredCheck[], { tags, callerReference }: ObservedCheck): string | null {
  if (TAG.owner in tags) return tags[TAG.owner] === fleet.owner && tags[TAG.name] === fleet.name ? (tags[TAG.slot] ?? null) : null;
  return desired.find((wanted) => callerReference.startsWith(referenceOf(fleet, wanted)))?.slot ?? null;
}

function hasTags(check: ObservedCheck, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => check.tags[name] === value);
}

const FIELDS = [
  'port',
  'path',
  'search',
  'host',
  'threshold',
  'sni',
  'inverted',
  'disabled',
] as const satisfies readonly (keyof CheckConfig)[];
export type CheckField = (typeof FIELDS)[number];

/** What an update has to change; the other fields make another check. */
export function differences(before: CheckConfig, after: CheckConfig): CheckField[] {
  return FIELDS.filter((field) => before[field] !== after[field]);
}
