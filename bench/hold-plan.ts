// How many programs hold the two far ends of the tunnels: a process has only so many descriptors.

import { LOAD_TUNNELS_MAX } from './load.ts';

/** What a process has open besides one descriptor for each of its tunnels, and room for an echo server that gets a few more than its share. */
const OTHER_DESCRIPTORS = 600;

export interface HoldPlan {
  /** Tunnels of each load program. */
  readonly loads: readonly number[];
  /** Echo servers, each on an address of its own: they divide the tunnels among them. */
  readonly echoes: readonly string[];
}

/** Null where a process can hold nothing. */
export function planHold(tunnels: number, descriptors: number): HoldPlan | null {
  const each = Math.min(LOAD_TUNNELS_MAX, descriptors - OTHER_DESCRIPTORS);
  if (each < 1) return null;
  const count = Math.ceil(tunnels / each);
  const loads = Array.from({ length: count }, (_, at) => shareUpTo(tunnels, at + 1, count) - shareUpTo(tunnels, at, count));
  return { loads, echoes: loads.map((_, at) => `127.0.0.${9 + at}`) };
}

/** What the first `parts` of `of` equal parts come to, in whole numbers. */
export function shareUpTo(whole: number, parts: number, of: number): number {
  return Math.floor((whole * parts) / of);
}
