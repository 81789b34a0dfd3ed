// The counters of a whole node: those of the living by their sockets, of the hung by their files, of the dead by what was kept of them.
// Each carrier's run counts once. Reads only; what is kept of the dead is retired-counters.ts.

import type { Clock } from '../core/clock.ts';
import { carrierSocket, metricsFileName, parseMetricsFileName } from '../core/runtime-files.ts';
import type { SupervisorView } from '../core/supervision.ts';
import { ASK_TIMEOUT_MS, askJson, askSupervisor } from './ask.ts';
import type { CarrierCounters } from './carrier-api.ts';
import type { CarrierSnapshot } from './metrics-files.ts';
import { readRetired, readSnapshots } from './metrics-files.ts';
import type { MetricJson } from './metrics-json.ts';
import { countersOf } from './metrics-json.ts';

export interface NodeCounters {
  /** Null where no supervisor answers. */
  readonly supervisor: SupervisorView | null;
  /** To be merged: one group per carrier's run, and one of all that are gone. */
  readonly groups: readonly (readonly MetricJson[])[];
  /** Over all living carriers: open upstream sockets by the address they go to. */
  readonly upstreams: Readonly<Record<string, number>>;
}

export async function gatherCounters(runtime: string, clock: Clock, withinMs = ASK_TIMEOUT_MS): Promise<NodeCounters> {
  const known = readSnapshots(runtime);
  const supervisor = await askSupervisor(runtime, clock, withinMs);
  const living = livingNames([...known.keys()], supervisor);
  const answered = await askCarriers(runtime, supervisor, clock);

  // After the living were asked: one that has answered wrote its file first, and one that has ended since is counted by what it left.
  const retired = readRetired(runtime);
  const files = new Map([...known, ...readSnapshots(runtime)]);
  for (const name of retired.folded) files.delete(name);

  const groups: (readonly MetricJson[])[] = [retired.metrics];
  const upstreams: Record<string, number> = {};
  for (const [name, snapshot] of new Map([...files, ...answered])) {
    const isLiving = answered.has(name) || living.has(name);
    groups.push(isLiving ? snapshot.metrics : countersOf(snapshot.metrics));
    for (const [address, count] of isLiving ? Object.entries(snapshot.upstreams) : [])
      upstreams[address] = (upstreams[address] ?? 0) + count;
  }
  return { supervisor, groups, upstreams };
}

/**
 * Those of `names` that are of processes that this supervisor has; of two with the same pid the later one. The names were there before it was asked:
 * the file of a process that it does not know by now is of a run that is over.
 */
export function livingNames(names: readonly string[], supervisor: SupervisorView | null): Set<string> {
  const latest = new Map<string, { name: string; startedMs: number }>();
  for (const name of names) {
    const run = parseMetricsFileName(name);
    if (!run || !supervisor) continue;
    if (!supervisor.slots.some(({ generation, slot, pid }) => generation === run.generation && slot === run.slot && pid === run.pid))
      continue;
    const key = `${run.generation}-${run.slot}-${run.pid}`;
    if ((latest.get(key)?.startedMs ?? -1) < run.startedMs) latest.set(key, { name, startedMs: run.startedMs });
  }
  return new Set([...latest.values()].map(({ name }) => name));
}

/** By the name of its file, which says whose counters they are: the socket's name is the slot's, whoever serves it by now. */
async function askCarriers(runtime: string, supervisor: SupervisorView | null, clock: Clock): Promise<Map<string, CarrierSnapshot>> {
  const { slots = [] } = supervisor ?? {};
  const answers = await Promise.all(
    slots.map(({ slot, generation }) => askJson(carrierSocket(runtime, generation, slot), '/metrics.json', clock)),
  );
  const found = new Map<string, CarrierSnapshot>();
  for (const answer of answers as (CarrierCounters | null)[]) {
    if (answer) found.set(metricsFileName({ ...answer, startedMs: answer.snapshot.startedMs }), answer.snapshot);
  }
  return found;
}
