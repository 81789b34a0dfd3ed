// Asks the nodes themselves, at their admin addresses: what the zone cannot know. And tells them to drain.

import type { DrainProgress } from '../../proxy/cli/progress.ts';
import type { Clock } from '../clock.ts';
import type { Slot } from './fleet.ts';

export const ASK_TIMEOUT_MS = 3_000;
/** An order is told to every carrier before it is answered, and one of them may hang. */
export const TELL_TIMEOUT_MS = 8_000;

export interface NodeView {
  readonly version: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly tunnels: number;
  readonly opensPerSecond: number;
  /** Refused, failed or lost through no fault of a client, since the node began; null from a node that does not count it. */
  readonly troubles: number | null;
  /** Null where it does not drain. */
  readonly drain: DrainProgress | null;
}

export type Asked = { readonly node: NodeView } | { readonly silent: string };

/** Null where the file names no admin address. */
export async function askNode({ admin, token }: Slot, clock: Clock): Promise<Asked | null> {
  if (admin === null) return null;
  const answer = await call({ admin, token }, '/status', clock, ASK_TIMEOUT_MS);
  if ('silent' in answer) return answer;
  if (answer.status !== 200) return { silent: `its admin address answers ${answer.status}` };
  return readView(answer.value);
}

export type DrainAsked = { readonly drain: DrainProgress | null } | { readonly silent: string };

/** How far its drain is; null where it does not drain. */
export async function askDrain({ admin, token }: Slot, clock: Clock): Promise<DrainAsked> {
  if (admin === null) return { silent: 'the file names no admin address' };
  const answer = await call({ admin, token }, '/drain', clock, ASK_TIMEOUT_MS);
  if ('silent' in answer) return answer;
  if (answer.status !== 200) return { silent: `its admin address answers ${answer.status}` };
  return { drain: readDrain((Object(answer.value) as { drain?: unknown }).drain) };
}

/** What a node made of an order; `refused` is its answer, in its own words. */
export type Told = { readonly taken: true } | { readonly refused: string } | { readonly silent: string };

/** `actor` is who asks, for the node's log. */
export async function tellNode(slot: Slot, path: string, order: object, actor: string, clock: Clock): Promise<Told> {
  const { admin, token, id } = slot;
  if (admin === null || token === null) return { refused: `FLEET.yaml names no ${admin === null ? 'admin address' : 'token'} of ${id}` };
  const headers = { 'Content-Type': 'application/json', 'Pinhole-Actor': actor };
  const answer = await call({ admin, token }, path, clock, TELL_TIMEOUT_MS, { method: 'POST', headers, body: JSON.stringify(order) });
  if ('silent' in answer) return answer;
  if (answer.status === 200) return { taken: true };
  const { error } = Object(answer.value) as { error?: unknown };
  return { refused: `${answer.status}${typeof error === 'string' ? `: ${error}` : ''}` };
}

interface Where {
  readonly admin: string;
  readonly token: string | null;
}

type Answer = { readonly status: number; readonly value: unknown } | { readonly silent: string };

async function call({ admin, token }: Where, path: string, clock: Clock, timeoutMs: number, more: RequestInit = {}): Promise<Answer> {
  const controller = new AbortController();
  const cancel = clock.after(timeoutMs, () => controller.abort());
  try {
    const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const headers = { ...(more.headers as Record<string, string> | undefined), ...authorization };
    const response = await fetch(new URL(path, admin), { ...more, headers, signal: controller.signal, redirect: 'error' });
    const text = await response.text();
    return { status: response.status, value: response.status === 200 ? JSON.parse(text) : parsed(text) };
  } catch (error) {
    return { silent: controller.signal.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error) };
  } finally {
    cancel();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readView(value: unknown): Asked {
  const { version, ready, reasons, tunnels, opensPerSecond, troubles, drain } = Object(value) as Record<string, unknown>;
  if (typeof version !== 'string' || typeof ready !== 'boolean' || typeof tunnels !== 'number' || typeof opensPerSecond !== 'number')
    return { silent: 'what answers there is no node' };
  const words = Array.isArray(reasons) ? reasons.filter((word) => typeof word === 'string') : [];
  const counted = typeof troubles === 'number' ? troubles : null;
  return { node: { version, ready, reasons: words, tunnels, opensPerSecond, troubles: counted, drain: readDrain(drain) } };
}

const PHASES = ['settling', 'closing', 'paused', 'drained'] as const;

function readDrain(value: unknown): DrainProgress | null {
  const found = Object(value) as Record<string, unknown>;
  const phase = PHASES.find((candidate) => candidate === found['phase']);
  if (phase === undefined) return null;
  const number = (name: string): number => (typeof found[name] === 'number' ? found[name] : 0);
  return {
    phase,
    tunnels: number('tunnels'),
    tunnelsAtFirst: number('tunnelsAtFirst'),
    settleLeftMs: number('settleLeftMs'),
    rate: number('rate'),
    rateNow: number('rateNow'),
    why: typeof found['why'] === 'string' ? found['why'] : null,
    etaMs: typeof found['etaMs'] === 'number' ? found['etaMs'] : null,
  };
}

/** fetch says only that it failed; why is in its cause. */
function causeOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  const { code } = Object(cause) as { code?: unknown };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? cause.message : String(error);
}
