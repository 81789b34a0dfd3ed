// How many tunnels a machine can hold: each takes two descriptors of its carrier.

import { capacityOf } from '../core/capacity.ts';
import { CARRIERS_MAX } from './schema.ts';

/** What loading has to know about the machine; asked for by the caller. */
export interface Machine {
  readonly cores: number;
  /** Open files that one process may have (hard limit). */
  readonly nofile: number;
  readonly uid: number;
}

export function tunnelsPerCarrier(machine: Machine): number {
  return capacityOf(0, 1, machine.nofile).perCarrier;
}

/** More processes than this for a core help nobody: then the tunnels do not fit, and `check` says so. */
const CARRIERS_PER_CORE_MAX = 4;

/** As many as cores; more where the tunnels need their descriptors. */
export function autoCarriers(tunnels: number, machine: Machine): number {
  const each = tunnelsPerCarrier(machine);
  const needed = each === 0 ? 1 : Math.ceil(tunnels / each);
  const most = Math.min(CARRIERS_MAX, machine.cores * CARRIERS_PER_CORE_MAX);
  return Math.max(1, Math.min(most, Math.max(machine.cores, needed)));
}

/** The cap that holds: what is configured, or what the carriers' descriptors allow if that is less. */
export function effectiveTunnels(tunnels: number, carriers: number, machine: Machine): number {
  return capacityOf(tunnels, carriers, machine.nofile).tunnels;
}
