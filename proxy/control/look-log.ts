// A line where control's look at the node fails: carriers then take the node for ready, and nobody would notice. Looks come every second, so
// the same failure is said once an hour.

import type { Clock } from '../core/clock.ts';
import type { Log } from './log.ts';

export type SayFailed = (error: unknown) => void;

const AGAIN_MS = 3_600_000;
/** More different failures than anybody reads. */
const KINDS_MAX = 20;

export function createSayFailed(log: Pick<Log, 'error'>, clock: Clock): SayFailed {
  const saidMs = new Map<string, number>();
  return (error) => {
    const nowMs = clock.nowMs();
    for (const [kind, ms] of saidMs) if (nowMs - ms >= AGAIN_MS) saidMs.delete(kind);
    // Pids and counts go on changing.
    const kind = String(error).replaceAll(/[0-9]+/g, '#');
    if (saidMs.has(kind) || saidMs.size >= KINDS_MAX) return;
    saidMs.set(kind, nowMs);
    log.error({ event: 'look-failed', detail: wordsOf(error) });
  };
}

/** What the system refuses says all in its message; anything else is a bug of ours, and where it is matters. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).syscall === undefined ? (error.stack ?? error.message) : error.message;
}
