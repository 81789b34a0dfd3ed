// What it means that a node drains: an order that somebody gave, kept in a file of the runtime folder, and what each word changes in it.
// Pure: moments come in. All moments but one are of the machine's clock, the same in every process of a node.

import type { DrainSettings } from './settings.ts';

export const DRAIN_ACTIONS = ['start', 'now', 'pause', 'resume', 'slow', 'end'] as const;
export type DrainAction = (typeof DRAIN_ACTIONS)[number];

export interface DrainRequest {
  readonly do: DrainAction;
  /** Who asks, in words. */
  readonly by: string;
  /** Tunnels per second, never more than the file's `drain.rate`; null: that. */
  readonly rate: number | null;
  /** Why to go slower, with `slow`. */
  readonly why: string | null;
}

export interface DrainOrder {
  readonly by: string;
  /** Wall time, for people. */
  readonly askedAtMs: number;
  /** From here on new tunnels are refused and open ones closed; before, new ones are served. */
  readonly closesFromMs: number;
  readonly deadlineAtMs: number;
  readonly pausedAtMs: number | null;
  /** Tunnels per second. */
  readonly rate: number;
  /** Open when the order was given. */
  readonly tunnels: number;
  /** Somebody who sees more of the fleet asks to go slower. */
  readonly slow: { readonly untilMs: number; readonly why: string } | null;
}

export type DrainPhase = 'settling' | 'closing' | 'paused';

/** A request to go slower counts so long: whoever asks may be gone, and the drain must not stay slow for that. */
export const SLOW_MS = 15_000;

export function phaseOf({ pausedAtMs, closesFromMs }: DrainOrder, nowMs: number): DrainPhase {
  if (pausedAtMs !== null) return 'paused';
  return nowMs < closesFromMs ? 'settling' : 'closing';
}

/** A pause holds the drain where it is: while it settled, new tunnels go on being served. */
export function settleLeftMs({ pausedAtMs, closesFromMs }: DrainOrder, nowMs: number): number {
  return Math.max(0, closesFromMs - (pausedAtMs ?? nowMs));
}

export interface DrainContext {
  readonly nowMs: number;
  readonly wallMs: number;
  /** Open on the node. */
  readonly tunnels: number;
  readonly settings: Pick<DrainSettings, 'settleMs' | 'rate' | 'deadlineMs'>;
}

/** The order behind a request, null for none. The same object as before where nothing changes. */
export type Obeyed = { readonly order: DrainOrder | null } | { readonly refused: string };

export function obey(order: DrainOrder | null, request: DrainRequest, context: DrainContext): Obeyed {
  if (request.do === 'end') return { order: null };
  if (order === null) {
    if (request.do === 'start' || request.do === 'now') return { order: begun(request, context) };
    return { refused: 'this node is not draining' };
  }
  const { nowMs } = context;
  const paced = request.rate === null || request.rate === order.rate ? order : { ...order, rate: rateOf(request, context) };
  switch (request.do) {
    case 'start':
      return { order: paced };
    case 'now':
      return { order: withoutSettling(resumed(paced, nowMs), nowMs) };
    case 'pause':
      return { order: order.pausedAtMs === null ? { ...order, pausedAtMs: nowMs } : order };
    case 'resume':
      return { order: resumed(order, nowMs) };
    case 'slow':
      return { order: { ...order, slow: { untilMs: nowMs + SLOW_MS, why: request.why ?? 'somebody asked for it' } } };
  }
}

function begun(request: DrainRequest, context: DrainContext): DrainOrder {
  const { nowMs, wallMs, tunnels, settings } = context;
  const closesFromMs = nowMs + (request.do === 'now' ? 0 : settings.settleMs);
  return {
    by: request.by,
    askedAtMs: wallMs,
    closesFromMs,
    deadlineAtMs: closesFromMs + settings.deadlineMs,
    pausedAtMs: null,
    rate: rateOf(request, context),
    tunnels,
    slow: null,
  };
}

function rateOf({ rate }: DrainRequest, { settings }: DrainContext): number {
  return Math.min(rate ?? settings.rate, settings.rate);
}

/** The time of the pause does not count. */
function resumed(order: DrainOrder, nowMs: number): DrainOrder {
  const { pausedAtMs, closesFromMs, deadlineAtMs } = order;
  if (pausedAtMs === null) return order;
  const pauseMs = nowMs - pausedAtMs;
  return {
    ...order,
    pausedAtMs: null,
    closesFromMs: pausedAtMs < closesFromMs ? closesFromMs + pauseMs : closesFromMs,
    deadlineAtMs: deadlineAtMs + pauseMs,
  };
}

function withoutSettling(order: DrainOrder, nowMs: number): DrainOrder {
  const leftMs = order.closesFromMs - nowMs;
  return leftMs <= 0 ? order : { ...order, closesFromMs: nowMs, deadlineAtMs: order.deadlineAtMs - leftMs };
}

/** One of them by chance, each as likely as it has tunnels, so that no tenant is emptied before the others; undefined where there are none. */
export function chooseGroup<T extends { readonly tunnels: number }>(groups: readonly T[], random: () => number): T | undefined {
  const all = groups.reduce((sum, { tunnels }) => sum + tunnels, 0);
  let at = random() * all;
  return groups.find(({ tunnels }) => (at -= tunnels) < 0);
}
