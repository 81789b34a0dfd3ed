// Whether the nodes give back every descriptor: how many were open before the first tunnel, and when it is that few again after the last close.

import { setTimeout as delay } from 'node:timers/promises';
import type { RunRecord } from '../run-record.ts';
import { descriptorsOf, pidsOfGroups } from './collector.ts';

const LOOK_EVERY_MS = 1_000;
/** The bound that a run is judged by, and half as long again to see whether they come at all. */
const WATCH_MS = 90_000;
/** What the carriers of a node may take to come up. */
const START_MS = 20_000;
/** A connection that asks a node how it is may be open at either moment. */
const SPARE_PER_NODE = 2;

export class DescriptorWatch {
  readonly #before = new Map<number, number>();
  #seen: RunRecord['descriptors'] = null;

  get seen(): RunRecord['descriptors'] {
    return this.#seen;
  }

  /** By node: one that dies is left out of both sides. A node is ready before its last carrier is: resolves once none opens any more. */
  async before(groups: readonly number[]): Promise<void> {
    const startedMs = performance.now();
    for (let sum = -1; performance.now() - startedMs < START_MS; await delay(LOOK_EVERY_MS)) {
      for (const group of groups) {
        const open = descriptorsOf(pidsOfGroups([group]));
        if (open !== null) this.#before.set(group, open);
      }
      const now = [...this.#before.values()].reduce((all, open) => all + open, 0);
      if (now === sum) return;
      sum = now;
    }
  }

  /** After the last close; resolves when they are back, or will not be. */
  async watch(groups: readonly number[]): Promise<void> {
    const same = groups.filter((group) => this.#before.has(group));
    if (same.length === 0) return;
    const before = same.reduce((sum, group) => sum + (this.#before.get(group) ?? 0), 0);
    const startedMs = performance.now();
    for (;;) {
      const open = same.map((group) => openOf(group));
      // A node that is gone has given back all it had by dying: that shows nothing.
      if (open.includes(null)) return;
      const after = open.reduce((sum: number, some) => sum + (some ?? 0), 0);
      const isBack = after <= before + SPARE_PER_NODE * same.length;
      this.#seen = { before, after, backAtMs: isBack ? Date.now() : null };
      if (isBack || performance.now() - startedMs > WATCH_MS) return;
      await delay(LOOK_EVERY_MS);
    }
  }
}

/** Null where nobody of that group is left, or cannot be seen. */
function openOf(group: number): number | null {
  const pids = pidsOfGroups([group]);
  return pids.length === 0 ? null : descriptorsOf(pids);
}
