// How many tunnels a node can hold, and which limit binds.

import { DESCRIPTORS_FLOOR, DESCRIPTORS_RESERVED, DESCRIPTORS_SHED, HEALTH_RESERVE } from './limits.ts';
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

/** How many descriptors of clients and upstreams a carrier holds when it refuses further tunnels, whatever its share of them. */
export function shedMark(nofile: number): number {
  return Math.max(1, nofile - DESCRIPTORS_SHED);
}

/** Between the two marks below, where there are many descriptors. */
const MARKS_GAP = 64;

/**
 * How many descriptors of clients and upstreams a carrier holds when it stops accepting, and below how many it goes on. The gap keeps it from
 * closing and opening its listeners at every tunnel. A carrier that is full of tunnels is below both: it accepts, and refuses.
 */
export function acceptMarks(nofile: number): { readonly stop: number; readonly goOn: number } {
  const stop = Math.max(1, nofile - DESCRIPTORS_FLOOR - DESCRIPTORS_OF_PROCESS);
  return { stop, goOn: stop - Math.min(MARKS_GAP, Math.floor(stop / 4)) };
}

/**
 * How many connections without a request a carrier may hold beside so many tunnels, whatever the limits allow: with more of them it would have
 * to stop accepting, health checks and all. What comes beyond gets one of the few places in which a head is still read.
 */
export function pendingRoom(nofile: number, tunnels: number): number {
  return Math.max(0, acceptMarks(nofile).goOn - HEALTH_RESERVE - DESCRIPTORS_PER_TUNNEL * tunnels);
}
