// What a key does: another view, or the end. Pure.

import { LISTS, type List, type View } from './screen.ts';

const ESCAPE = '\u001B';

const LIST_KEYS: Readonly<Record<string, List>> = { t: 'tunnels', n: 'tenants', g: 'targets', s: 'sources' };
const ORDER_KEYS: Readonly<Record<string, View['by']>> = { r: 'rate', b: 'bytes', a: 'age' };
const ENDS: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);
/** Cursor keys as terminals send them, in either of their modes. */
const STEPS: Readonly<Record<string, number>> = {
  ...{ '\u001B[A': -1, '\u001BOA': -1, k: -1, '\u001B[B': 1, '\u001BOB': 1, j: 1 },
  ...{ '\u001B[5~': -10, '\u001B[6~': 10, '\u001B[H': -Infinity },
};

/** `keys` is what came from the terminal at once: several keys where somebody is quick. Null is the end; the same view where nothing is meant. */
export function viewAfter(keys: string, view: View): View | null {
  let now = view;
  for (const key of split(keys)) {
    if (ENDS.has(key)) return null;
    const list = key === '\t' ? LISTS[(LISTS.indexOf(now.list) + 1) % LISTS.length] : LIST_KEYS[key];
    const by = ORDER_KEYS[key];
    const step = STEPS[key];
    if (list !== undefined) now = { ...now, list, from: 0 };
    if (by !== undefined) now = { ...now, by, from: 0 };
    if (step !== undefined) now = { ...now, from: Math.max(0, now.from + step) };
  }
  return now;
}

/** An escape sequence is one key: CSI with its parameters, SS3 with one letter. */
const KEY = new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z~]|${ESCAPE}O[A-Z]|[^]`, 'gu');

function split(keys: string): string[] {
  return keys.match(KEY) ?? [];
}
