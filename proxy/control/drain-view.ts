// How a node's drain stands: from the order, the ledger and whoever keeps the pace. Works without control.

import type { Clock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { phaseOf, settleLeftMs } from '../core/drain.ts';
import { AIM } from '../core/pace.ts';
import { ledgerFile, paceSocket } from '../core/runtime-files.ts';
import { readLedger } from '../limits/ledger-view.ts';
import { askSocket } from './ask.ts';
import { readDrain } from './drain-file.ts';

/** What the carrier that keeps the pace says to whoever connects to the pace's socket. */
export interface PaceView {
  readonly carrier: number;
  /** Tunnels per second that it may close now. */
  readonly rate: number;
  /** Why that is not the order's rate. */
  readonly why: string | null;
}

export interface DrainView {
  readonly phase: 'settling' | 'closing' | 'paused' | 'drained';
  readonly by: string;
  /** When it was asked for, as people read it. */
  readonly since: string;
  readonly tunnels: number;
  /** Open when it was asked for. */
  readonly tunnelsAtFirst: number;
  /** While it is above 0 new tunnels are served. */
  readonly settleLeftMs: number;
  /** Tunnels per second: asked for, and at the moment. */
  readonly rate: number;
  readonly rateNow: number;
  /** Why they differ. */
  readonly why: string | null;
  /** Which carrier keeps the pace; null where none does at the moment. */
  readonly pacedBy: number | null;
  /** Until no tunnel is left; null while it is paused. */
  readonly etaMs: number | null;
  /** Until closing has to be done. */
  readonly deadlineLeftMs: number;
}

/** Null where the node does not drain. Throws where the ledger cannot be read. */
export async function gatherDrain(runtime: string, clock: Clock): Promise<DrainView | null> {
  const order = readDrain(runtime);
  if (order === null) return null;
  const pace = (await askSocket(paceSocket(runtime), clock)) as PaceView | null;
  const nowMs = clock.nowMs();
  return viewOf(order, pace, readLedger(ledgerFile(runtime), nowMs).tunnels, nowMs);
}

export function viewOf(order: DrainOrder, pace: PaceView | null, tunnels: number, nowMs: number): DrainView {
  const phase = phaseOf(order, nowMs);
  const leftMs = settleLeftMs(order, nowMs);
  const rateNow = phase === 'closing' ? (pace?.rate ?? order.rate) : order.rate;
  return {
    phase: phase === 'closing' && tunnels === 0 ? 'drained' : phase,
    by: order.by,
    since: new Date(order.askedAtMs).toISOString(),
    tunnels,
    tunnelsAtFirst: Math.max(tunnels, order.tunnels),
    settleLeftMs: Math.round(leftMs),
    rate: order.rate,
    rateNow,
    why: phase === 'closing' ? (pace?.why ?? null) : null,
    pacedBy: pace?.carrier ?? null,
    etaMs: phase === 'paused' ? null : Math.round(leftMs + (1_000 * tunnels) / (rateNow * AIM)),
    deadlineLeftMs: Math.round(order.deadlineAtMs - (order.pausedAtMs ?? nowMs)),
  };
}
