/**
 * Shadow documents: how an update changes one, and what differs between desired and reported. Pure.
 * Guide, "Device Shadow service documents". Keys come from the wire, so objects are only ever built from entries: `__proto__`
 * is then a key like any other.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const SECTIONS = ['desired', 'reported'] as const;
export type Section = (typeof SECTIONS)[number];
export type Sections = Readonly<Partial<Record<Section, JsonObject>>>;

export interface ShadowDocument {
  readonly state: Sections;
  /** The same shape, with `{timestamp}` in place of each value. */
  readonly metadata: Sections;
  readonly version: number;
}

/** What an update asks for: an object is merged, null empties the section, absence leaves it. */
export type StateChange = Readonly<Partial<Record<Section, JsonObject | null>>>;

export function applyUpdate(document: ShadowDocument, change: StateChange, timestamp: number): ShadowDocument {
  const merge = (values: Sections, changes: StateChange) =>
    Object.fromEntries(
      SECTIONS.map((section) => [section, mergeSection(values[section], changes[section])] as const).filter(([, value]) => value),
    ) as Sections;
  return {
    state: merge(document.state, change),
    metadata: merge(document.metadata, stampSections(change, timestamp)),
    version: document.version + 1,
  };
}

function mergeSection(current: JsonObject | undefined, change: JsonObject | null | undefined): JsonObject | undefined {
  if (change === undefined) return current;
  if (change === null) return undefined;
  const merged = mergeObjects(current ?? {}, change);
  return Object.keys(merged).length > 0 ? merged : undefined;
}

/** Objects are merged, anything else replaces; null removes the key (guide: "set the value to null"). */
function mergeObjects(current: JsonObject, change: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(current));
  for (const [key, value] of Object.entries(change)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) ? mergeObjects(isObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

/** The metadata that belongs to a change: `{timestamp}` for each value, null where a key goes. */
export function stampSections(change: StateChange, timestamp: number): StateChange {
  const stamped = Object.entries(change).map(([section, value]) => [section, value && stamp(value, timestamp)] as const);
  return Object.fromEntries(stamped) as StateChange;
}

function stamp(value: Json, timestamp: number): Json {
  if (value === null) return null;
  if (isArray(value)) return value.map((entry) => stamp(entry, timestamp));
  if (!isObject(value)) return { timestamp };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, stamp(entry, timestamp)]));
}

/** What is desired and not reported so, with the metadata of the desired values; undefined if they agree. */
export function findDelta({ state, metadata }: ShadowDocument): { state: JsonObject; metadata: JsonObject } | undefined {
  const difference = diff(state.desired ?? {}, state.reported ?? {});
  if (!difference) return undefined;
  return { state: difference, metadata: pick(metadata.desired ?? {}, difference) };
}

function diff(desired: JsonObject, reported: JsonObject): JsonObject | undefined {
  const differing = Object.entries(desired).flatMap(([key, wanted]): [string, Json][] => {
    const actual = Object.hasOwn(reported, key) ? reported[key] : undefined;
    if (isObject(wanted) && isObject(actual)) {
      const inner = diff(wanted, actual);
      return inner ? [[key, inner]] : [];
    }
    return isSame(wanted, actual) ? [] : [[key, wanted]];
  });
  return differing.length > 0 ? Object.fromEntries(differing) : undefined;
}

function pick(from: JsonObject, shape: JsonObject): JsonObject {
  const picked = Object.entries(shape).map(([key, wanted]): [string, Json] => {
    const value = (Object.hasOwn(from, key) ? from[key] : undefined) ?? {};
    return [key, isObject(wanted) && isObject(value) ? pick(value, wanted) : value];
  });
  return Object.fromEntries(picked);
}

function isSame(left: Json, right: Json | undefined): boolean {
  if (isArray(left)) return isArray(right) && left.length === right.length && left.every((entry, index) => isSame(entry, right[index]));
  if (!isObject(left)) return left === right;
  if (!isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && isSame(left[key] ?? null, right[key]))
  );
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Levels of objects and lists; looks no deeper than it must, since the text came from the wire. */
export function isDeeperThan(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((entry: Json) => isDeeperThan(entry, levels - 1));
}
