// How many tunnels a node can hold, and which limit binds.

import { DESCRIPTORS_FLOOR, DESCRIPTORS_RESERVED } from './limits.ts';
import type { Capacity } from './supervision.ts';

/** A tunnel takes two descriptors: the client's and the upstream's. */
const DESCRIPTORS_PER_TUNNEL = 2;

/** Descriptors of a carrier that are neither a client nor an upstream: listeners, logs, ledger, resolver, event loop. */
const DESCRIPTORS_OF_PROCESS = 48;

export function capacityOf(configured: number, carriers: number, nofile: number): Capacity {
  const perCarrier = Math.max(0, Math.floor((nofile - DESCRIPTORS_RESERVED) / DESCRIPTORS_PER_TUNNEL));
  const byDescriptors = perCarrier * carriers;
  return {
    configured,
    tunnels: Math.min(configured, byDescriptors),
    perCarrier,
    carriers,
    nofile,
    binds: byDescriptors < configured ? 'descriptors' : 'limits.tunnels',
  };
}

/**
 * How many descriptors of clients and upstreams a carrier holds when it stops accepting, and how few when it goes on. The gap keeps it
 * from closing and opening its listeners at every tunnel; with few descriptors the gap is a quarter, so that there is a way back.
 */
export function acceptMarks(nofile: number): { readonly stop: number; readonly goOn: number } {
  const stop = Math.max(1, nofile - DESCRIPTORS_FLOOR - DESCRIPTORS_OF_PROCESS);
  return { stop, goOn: stop - Math.min(DESCRIPTORS_RESERVED - DESCRIPTORS_FLOOR, Math.floor(stop / 4)) };
}
