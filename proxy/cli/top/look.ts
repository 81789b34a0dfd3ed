// What `top` knows at one moment: how the node is, and what every carrier finds busy; and what two such moments say of what goes on in a second.

import { askJson } from '../../control/ask.ts';
import type { BusyGroup, Busiest, BusyList, BusyOrder, BusyTunnel } from '../../control/busiest.ts';
import { BUSIEST_PATH } from '../../control/carrier-api.ts';
import { gatherStatus, type NodeStatus } from '../../control/node-status.ts';
import type { Clock } from '../../core/clock.ts';
import { carrierSocket } from '../../core/runtime-files.ts';

/** A look at fifty thousand tunnels takes a busy carrier a while. */
const ASK_TIMEOUT_MS = 3_000;

export interface Moment {
  readonly atMs: number;
  readonly status: NodeStatus;
  readonly tunnels: readonly BusyTunnel[];
  readonly groups: Readonly<Record<BusyList, readonly BusyGroup[]>>;
}

/** Null where the node does not answer. */
export async function lookAt(runtime: string, by: BusyOrder, limit: number, clock: Clock): Promise<Moment | null> {
  const status = await gatherStatus(runtime, clock);
  if (status === null) return null;
  const living = status.carriers.filter(({ pid }) => pid !== null);
  const path = `${BUSIEST_PATH}?by=${by}&limit=${limit}`;
  const answers = await Promise.all(
    living.map(({ generation, slot }) => askJson(carrierSocket(runtime, generation, slot), path, clock, ASK_TIMEOUT_MS)),
  );
  const found = answers.filter((answer) => answer !== null) as Busiest[];
  return {
    atMs: clock.nowMs(),
    status,
    tunnels: found
      .flatMap(({ rows }) => rows)
      .toSorted((a, b) => WORTH[by](b) - WORTH[by](a))
      .slice(0, limit),
    groups: { tenants: merged(found, 'tenants', by), targets: merged(found, 'targets', by), sources: merged(found, 'sources', by) },
  };
}

/** What comes first has more of this. */
const WORTH: Readonly<Record<BusyOrder, (row: BusyTunnel) => number>> = {
  rate: ({ bytesPerS }) => bytesPerS,
  bytes: ({ bytesUp, bytesDown }) => bytesUp + bytesDown,
  age: ({ ageMs }) => ageMs,
};

/** A group has no age: the one with most tunnels comes first. */
const GROUP_WORTH: Readonly<Record<BusyOrder, (group: BusyGroup) => number>> = {
  rate: ({ bytesPerS }) => bytesPerS,
  bytes: ({ bytes }) => bytes,
  age: ({ tunnels }) => tunnels,
};

function merged(found: readonly Busiest[], list: BusyList, by: BusyOrder): BusyGroup[] {
  const sums = new Map<string, BusyGroup>();
  for (const group of found.flatMap((one) => one[list])) {
    const { name, tunnels, bytes, bytesPerS } = group;
    const sum = sums.get(name) ?? { name, tunnels: 0, bytes: 0, bytesPerS: 0 };
    sums.set(name, { name, tunnels: sum.tunnels + tunnels, bytes: sum.bytes + bytes, bytesPerS: sum.bytesPerS + bytesPerS });
  }
  return [...sums.values()].toSorted((a, b) => GROUP_WORTH[by](b) - GROUP_WORTH[by](a) || b.tunnels - a.tunnels);
}

/** A second of what went on between two moments. */
export interface Rates {
  readonly opens: number;
  readonly refusals: number;
  /** By reason, the most first; those that did not happen are left out. */
  readonly reasons: readonly (readonly [reason: string, perSecond: number])[];
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export function ratesBetween(before: Moment, now: Moment): Rates {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000);
  const perSecond = (from: number, to: number): number => Math.max(0, to - from) / seconds;
  const reasons = Object.entries(now.status.refused)
    .map(([reason, count]) => [reason, perSecond(before.status.refused[reason] ?? 0, count)] as const)
    .filter(([, rate]) => rate > 0)
    .toSorted(([, a], [, b]) => b - a);
  return {
    opens: perSecond(before.status.opened, now.status.opened),
    refusals: reasons.reduce((sum, [, rate]) => sum + rate, 0),
    reasons,
    bytesUp: perSecond(before.status.bytes.up, now.status.bytes.up),
    bytesDown: perSecond(before.status.bytes.down, now.status.bytes.down),
  };
}
