// Closing many tunnels at a pace, oldest first, so that the devices behind them do not come back in one second.

import type { Clock } from '../core/clock.ts';
import type { EndedBy } from '../core/record.ts';
import type { SessionView } from '../core/ports.ts';

export interface DrainOptions {
  readonly clock: Clock;
  readonly sessions: SessionView;
  /** Tunnels per second, at least; raised where the deadline could not be met otherwise. */
  readonly rate: number;
  /** From now; what is left then is closed at once. */
  readonly deadlineMs: number;
  readonly endedBy: EndedBy;
}

const TICK_MS = 100;
/** After the deadline, for the sockets that were closed at it. */
const CLOSING_MS = 500;
/** The pace aims at this share of the deadline, which leaves the rest for sockets that are slow to close. */
const PACE_SHARE = 0.8;

/** Resolves when no tunnel is left, at the deadline at the latest. */
export function drainTunnels({ clock, sessions, rate, deadlineMs, endedBy }: DrainOptions): Promise<void> {
  if (sessions.tunnels() === 0) return Promise.resolve();
  const endMs = clock.nowMs() + deadlineMs;
  const perMs = Math.max(rate / 1_000, sessions.tunnels() / Math.max(1, deadlineMs * PACE_SHARE));
  let lastMs = clock.nowMs();
  let owed = 0;
  return new Promise((resolve) => {
    const cancel = clock.every(TICK_MS, () => {
      const now = clock.nowMs();
      owed += (now - lastMs) * perMs;
      lastMs = now;
      const isOver = now >= endMs;
      owed -= sessions.closeSome(isOver ? Infinity : Math.floor(owed), endedBy);
      // Closing takes a turn of the loop or two; what is still there after that is not waited for.
      if (sessions.tunnels() > 0 && now < endMs + CLOSING_MS) return;
      cancel();
      resolve();
    });
  });
}
