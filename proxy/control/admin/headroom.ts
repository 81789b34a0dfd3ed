// What the node may hold, what it holds, and what is left of the machine.

import type { Clock } from '../../core/clock.ts';
import { ledgerFile } from '../../core/runtime-files.ts';
import type { LimitSettings } from '../../core/settings.ts';
import type { Capacity } from '../../core/supervision.ts';
import { readLedger } from '../../limits/ledger-view.ts';
import { askSupervisor } from '../ask.ts';
import { memoryHeadroom, portsHeadroom } from '../machine-room.ts';
import { statusesOf } from '../node-status.ts';
import { readLoad } from '../seen-load.ts';

export interface HeadroomView {
  readonly limits: LimitSettings;
  readonly capacity: Capacity;
  readonly tunnels: number;
  readonly opensPerSecond: number;
  readonly pending: number;
  /** The share of each that is free; null where nobody says. */
  readonly headroom: {
    readonly tunnels: number;
    readonly descriptors: number | null;
    readonly ports: number;
    readonly memory: number | null;
  };
  readonly carriers: readonly {
    readonly generation: number;
    readonly slot: number;
    readonly eventLoopDelayS: number | null;
    readonly descriptorsFree: number | null;
    readonly resolver: string;
    readonly shedding: readonly string[];
  }[];
}

/** Null where the supervisor does not answer. */
export async function gatherHeadroom(runtime: string, clock: Clock, limits: LimitSettings): Promise<HeadroomView | null> {
  const supervisor = await askSupervisor(runtime, clock);
  const answers = await statusesOf(supervisor, runtime, clock);
  if (!supervisor) return null;
  const { tunnels, opensPerSecond } = readLedger(ledgerFile(runtime), clock.nowMs());
  const carriers = answers.flatMap((status) =>
    status ? [{ generation: status.generation, slot: status.slot, pending: status.pending, load: readLoad(status.load) }] : [],
  );
  const upstreams: Record<string, number> = {};
  for (const { load } of carriers) {
    for (const [address, count] of Object.entries(load.upstreams)) upstreams[address] = (upstreams[address] ?? 0) + count;
  }
  const descriptors = carriers.map(({ load }) => load.descriptorsFree).filter((share) => share !== null);
  return {
    limits,
    capacity: supervisor.capacity,
    tunnels,
    opensPerSecond,
    pending: carriers.reduce((sum, { pending }) => sum + pending, 0),
    headroom: {
      tunnels: Math.max(0, 1 - tunnels / Math.max(1, supervisor.capacity.tunnels)),
      descriptors: descriptors.length === 0 ? null : Math.min(...descriptors),
      ports: portsHeadroom(upstreams),
      memory: memoryHeadroom(),
    },
    carriers: carriers.map(({ generation, slot, load: { eventLoopDelayS, descriptorsFree, resolver, shedding } }) => ({
      ...{ generation, slot, eventLoopDelayS, descriptorsFree, resolver, shedding },
    })),
  };
}
