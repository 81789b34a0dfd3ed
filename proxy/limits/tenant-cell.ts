// What one carrier counts of one tenant: open tunnels, and opens in buckets of 100 ms behind the tick of the newest. Pure.

import { BUCKET_MS } from './ledger-file.ts';
import { tickOf } from './open-rate.ts';

const BUCKETS = 12;
const BUCKETS_PER_SECOND = 1_000 / BUCKET_MS;
const COUNT_MAX = 0xffff;

/** Words of a cell: the carrier that wrote it, its tunnels, the newest tick, and a half word for each bucket. */
export const CELL = { epoch: 0, tunnels: 1, tick: 2, buckets: 3, words: 3 + BUCKETS / 2 } as const;

/** Cells side by side, and the same bytes as half words. */
export interface Cells {
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
}

export function makeCells(count: number): Cells {
  const words = new Uint32Array(count * CELL.words);
  return { words, halves: new Uint16Array(words.buffer) };
}

/** Counts one open in the cell whose first word is at `base`. */
export function countOpenIn({ words, halves }: Cells, base: number, nowMs: number): void {
  const tick = tickOf(nowMs);
  const newest = words[base + CELL.tick] ?? 0;
  const passed = Math.min(Math.max(0, tick - newest), BUCKETS);
  for (let back = 0; back < passed; back += 1) halves[bucketOf(base, tick - back)] = 0;
  if (tick > newest) words[base + CELL.tick] = tick;
  const at = bucketOf(base, tick);
  halves[at] = Math.min(COUNT_MAX, (halves[at] ?? 0) + 1);
}

/** Opens in the second up to now; the bucket that has half left it counts half (open-rate.ts). */
export function opensIn({ words, halves }: Cells, base: number, nowMs: number): number {
  const tick = tickOf(nowMs);
  const newest = words[base + CELL.tick] ?? 0;
  const leaving = 1 - (nowMs / BUCKET_MS - tick);
  let opens = 0;
  for (let age = 0; age <= BUCKETS_PER_SECOND; age += 1) {
    const of = tick - age;
    if (of > newest || newest - of >= BUCKETS) continue;
    const count = halves[bucketOf(base, of)] ?? 0;
    opens += age === BUCKETS_PER_SECOND ? count * leaving : count;
  }
  return opens;
}

function bucketOf(base: number, tick: number): number {
  return (base + CELL.buckets) * 2 + (tick % BUCKETS);
}
