// How a node is, gathered from its supervisor, its carriers and its ledger: what /status and `pinhole status` say. Works without control.

import type { Clock } from '../core/clock.ts';
import { carrierSocket, ledgerFile } from '../core/runtime-files.ts';
import { BEAT_MS, type Capacity, type ChildState, type SlotView, type SupervisorView } from '../core/supervision.ts';
import type { LedgerView } from '../limits/ledger-view.ts';
import { readLedger } from '../limits/ledger-view.ts';
import { ASK_TIMEOUT_MS, askJson, askSupervisor } from './ask.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { isDrainOrdered } from './drain-file.ts';
import { troublesIn } from './drain-throttle.ts';
import type { DrainView } from './drain-view.ts';
import { gatherDrain } from './drain-view.ts';
import type { LatchName } from './latches.ts';
import { merge } from './merge-metrics.ts';
import { sumBy } from './metrics-json.ts';
import { gatherCounters } from './node-counters.ts';
import { readVerdict } from './verdict.ts';

export interface Readying {
  readonly ready: boolean;
  /** Somebody should look at it, whether it is ready or not. A node that only stops is not degraded. */
  readonly degraded: boolean;
  readonly reasons: readonly string[];
  readonly concerns: readonly string[];
  readonly latches: readonly {
    readonly latch: LatchName;
    readonly ok: boolean;
    /** Since it last changed its mind. */
    readonly forSeconds: number;
  }[];
}

export interface NodeStatus extends Readying {
  readonly node: string;
  readonly version: string;
  readonly generation: number;
  readonly generations: SupervisorView['generations'];
  readonly pid: number;
  readonly uptimeMs: number;
  readonly stopping: boolean;
  /** Null where it does not drain. */
  readonly drain: DrainView | null;
  readonly listeners: SupervisorView['listeners'];
  readonly health: SupervisorView['health'];
  readonly admin: SupervisorView['admin'];
  readonly configuration: SupervisorView['configuration'];
  readonly carriers: readonly CarrierRow[];
  readonly control: SupervisorView['control'];
  readonly tunnels: number;
  readonly capacity: Capacity;
  readonly opensPerSecond: number;
  readonly pending: number;
  /** Since the node began. */
  readonly opened: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Moved since the node began. */
  readonly bytes: { readonly up: number; readonly down: number };
  /** Refused, failed or lost through no fault of a client (drain-throttle.ts), since the node began. */
  readonly troubles: number;
}

interface CarrierRow {
  readonly generation: number;
  readonly slot: number;
  readonly state: ChildState;
  readonly pid: number | null;
  readonly restarts: number;
  /** Null where the carrier does not answer. */
  readonly status: CarrierStatus | null;
}

/** Null where no supervisor answers in this runtime folder within so many milliseconds. */
export async function gatherStatus(runtime: string, clock: Clock, withinMs = ASK_TIMEOUT_MS): Promise<NodeStatus | null> {
  const [counters, statuses, drain] = await Promise.all([
    gatherCounters(runtime, clock, withinMs),
    gatherCarriers(runtime, clock, withinMs),
    gatherDrain(runtime, clock).catch(() => null),
  ]);
  const { supervisor } = counters;
  if (!supervisor) return null;

  const carriers = supervisor.slots.map(({ generation, slot, state, pid, restarts }, index) => ({
    generation,
    slot,
    state,
    pid,
    restarts,
    status: statuses[index] ?? null,
  }));
  const metrics = merge(counters.groups);
  const { OK: opened = 0, ...refused } = sumBy(metrics, 'pinhole_opens_total', 'reason');
  const { up = 0, down = 0 } = sumBy(metrics, 'pinhole_bytes_total', 'direction');
  const ledger = tryLedger(runtime, clock);
  return {
    node: supervisor.node,
    version: supervisor.version,
    generation: supervisor.generation,
    generations: supervisor.generations,
    pid: supervisor.pid,
    uptimeMs: Math.max(0, clock.wallMs() - supervisor.startedMs),
    stopping: supervisor.stopping,
    drain,
    ...judgeReadiness(runtime, clock, statuses),
    listeners: supervisor.listeners,
    health: supervisor.health,
    admin: supervisor.admin,
    configuration: supervisor.configuration,
    carriers,
    control: supervisor.control,
    tunnels: ledger.tunnels,
    capacity: supervisor.capacity,
    opensPerSecond: ledger.opensPerSecond,
    pending: carriers.reduce((sum, { status }) => sum + (status?.pending ?? 0), 0),
    opened,
    refused,
    bytes: { up, down },
    troubles: troublesIn(counters.groups),
  };
}

/** Every carrier, in the supervisor's order; null where it does not answer in time. */
export async function gatherCarriers(runtime: string, clock: Clock, withinMs = ASK_TIMEOUT_MS): Promise<(CarrierStatus | null)[]> {
  return statusesOf(await askSupervisor(runtime, clock, withinMs), runtime, clock);
}

/** The same, of the carriers that this supervisor has. */
export async function statusesOf(supervisor: SupervisorView | null, runtime: string, clock: Clock): Promise<(CarrierStatus | null)[]> {
  return Promise.all((supervisor?.slots ?? []).map((slot) => askStatus(slot, runtime, clock)));
}

async function askStatus({ generation, slot }: SlotView, runtime: string, clock: Clock): Promise<CarrierStatus | null> {
  return (await askJson(carrierSocket(runtime, generation, slot), '/status', clock)) as CarrierStatus | null;
}

/** So late a word is as good as an answer: a busy carrier's beat comes a little later. */
const WORD_LATE_MS = 1_500;

/** The same for who looks each second: what each carrier said with its last beat. One that has not, lately, is asked. */
export async function wordsOf(supervisor: SupervisorView, runtime: string, clock: Clock): Promise<(CarrierStatus | null)[]> {
  return Promise.all(
    supervisor.slots.map(async (slot) => {
      const { word } = slot;
      return word && word.ageMs <= (word.withinMs ?? BEAT_MS) + WORD_LATE_MS
        ? (word.said as CarrierStatus)
        : askStatus(slot, runtime, clock);
    }),
  );
}

/** The node is ready where one carrier that accepts says so, and control's last word is not against it. */
export function judgeReadiness(runtime: string, clock: Clock, carriers: readonly (CarrierStatus | null)[]): Readying {
  const verdict = readVerdict(runtime, clock);
  const { concerns = [] } = verdict ?? {};
  const nowMs = clock.nowMs();
  const latches = (verdict?.latches ?? []).map(({ latch, isTripped, sinceMs }) => ({
    latch,
    ok: !isTripped,
    forSeconds: Math.max(0, Math.round((nowMs - sinceMs) / 1_000)),
  }));
  const reasons = [...(isDrainOrdered(runtime) ? ['draining'] : []), ...(verdict?.reasons ?? [])];
  const answering = carriers.filter((carrier) => carrier !== null);
  if (answering.length === 0) reasons.push('no carrier answered within a second');
  else if (!answering.some((carrier) => carrier.accepting)) reasons.push('no carrier accepts connections');
  else if (reasons.length === 0 && !answering.some((carrier) => carrier.ready && carrier.accepting)) reasons.push('no carrier is ready');
  const isIll = latches.some(({ latch, ok }) => !ok && latch !== 'draining');
  return { ready: reasons.length === 0, degraded: isIll || concerns.length > 0, reasons, concerns, latches };
}

function tryLedger(runtime: string, clock: Clock): LedgerView {
  try {
    return readLedger(ledgerFile(runtime), clock.nowMs());
  } catch {
    return { tunnels: 0, opensPerSecond: 0 };
  }
}
