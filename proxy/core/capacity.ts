// How many tunnels a node can hold, and which limit binds.

import { DESCRIPTORS_RESERVED } from './limits.ts';
import type { Capacity } from './supervision.ts';

/** A tunnel takes two descriptors: the client's and the upstream's. */
const DESCRIPTORS_PER_TUNNEL = 2;

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
