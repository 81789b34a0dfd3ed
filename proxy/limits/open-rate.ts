// Opens in the last second, over all rows, from buckets of 100 ms that carry the machine-wide tick they belong to. Pure.

import { BUCKET_MS, BUCKETS, ROW } from './ledger-file.ts';

const BUCKETS_PER_SECOND = 1_000 / BUCKET_MS;

export function tickOf(nowMs: number): number {
  return Math.floor(nowMs / BUCKET_MS);
}

/**
 * Opens in the second up to now in the row that starts at `base`. The bucket that has half left the second counts half, so that a node at
 * its limit opens evenly and not in bursts. A bucket of any other time, or torn, is not counted.
 */
export function opensInLastSecond(words: Uint32Array, base: number, nowMs: number): number {
  const now = tickOf(nowMs);
  const leaving = 1 - (nowMs / BUCKET_MS - now);
  let opens = 0;
  for (let at = base + ROW.buckets; at < base + ROW.words; at += 2) {
    const age = now - (words[at] ?? 0);
    if (age < 0 || age > BUCKETS_PER_SECOND) continue;
    const count = words[at + 1] ?? 0;
    opens += age === BUCKETS_PER_SECOND ? count * leaving : count;
  }
  return opens;
}

/** Counts one open in the row that starts at `base`. */
export function countOpen(words: Uint32Array, base: number, nowMs: number): void {
  const tick = tickOf(nowMs);
  const at = base + ROW.buckets + (tick % BUCKETS) * 2;
  words[at + 1] = words[at] === tick ? (words[at + 1] ?? 0) + 1 : 1;
  words[at] = tick;
}
