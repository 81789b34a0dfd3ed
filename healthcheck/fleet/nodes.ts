// Asks the nodes themselves, at their admin addresses: what the zone cannot know.

import type { Clock } from '../clock.ts';
import type { Slot } from './fleet.ts';

const ASK_TIMEOUT_MS = 3_000;

export interface NodeView {
  readonly version: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly tunnels: number;
  readonly opensPerSecond: number;
}

export type Asked = { readonly node: NodeView } | { readonly silent: string };

/** Null where the file names no admin address. */
export async function askNode({ admin, token }: Slot, clock: Clock): Promise<Asked | null> {
  if (admin === null) return null;
  const controller = new AbortController();
  const cancel = clock.after(ASK_TIMEOUT_MS, () => controller.abort());
  try {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(new URL('/status', admin), { headers, signal: controller.signal, redirect: 'error' });
    if (response.status !== 200) return { silent: `its admin address answers ${response.status}` };
    return readView(await response.json());
  } catch (error) {
    return { silent: controller.signal.aborted ? `no answer within ${ASK_TIMEOUT_MS} ms` : causeOf(error) };
  } finally {
    cancel();
  }
}

function readView(value: unknown): Asked {
  const { version, ready, reasons, tunnels, opensPerSecond } = Object(value) as Record<string, unknown>;
  if (typeof version !== 'string' || typeof ready !== 'boolean' || typeof tunnels !== 'number' || typeof opensPerSecond !== 'number')
    return { silent: 'what answers there is no node' };
  const words = Array.isArray(reasons) ? reasons.filter((word) => typeof word === 'string') : [];
  return { node: { version, ready, reasons: words, tunnels, opensPerSecond } };
}

/** fetch says only that it failed; why is in its cause. */
function causeOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  const { code } = Object(cause) as { code?: unknown };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? cause.message : String(error);
}
