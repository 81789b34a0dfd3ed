// The sessions that hold a tunnel's place, oldest first: counted, looked at by operators, swept for idleness and age, closed on a drain.

import type { Cancel, Clock } from '../core/clock.ts';
import { HEALTH_RESERVE } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import type { SessionView, TunnelPage, TunnelRow } from '../core/ports.ts';
import type { CoarseTime } from './relay.ts';
import type { Session } from './session.ts';

const SWEEP_MS = 1_000;

/** A connection whose request is not known yet. */
interface Pending {
  sendAway(): void;
}

export class Sessions implements SessionView {
  readonly #open = new Set<Session>();
  readonly #time: CoarseTime;
  readonly #clock: Clock;
  readonly #pending = new Set<Pending>();
  #places = 0;
  readonly #reserve = new Set<() => void>();
  #cancelSweep: Cancel;

  constructor(clock: Clock, time: CoarseTime) {
    this.#clock = clock;
    this.#time = time;
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.sweep());
  }

  /** Gives the session's place in their order. */
  add(session: Session): number {
    this.#open.add(session);
    this.#places += 1;
    return this.#places;
  }

  remove(session: Session): void {
    this.#open.delete(session);
  }

  pendingStarted(pending: Pending): void {
    this.#pending.add(pending);
  }

  pendingEnded(pending: Pending): void {
    this.#pending.delete(pending);
  }

  /** Tells those that have not asked yet that there is nobody to ask; how many. */
  sendPendingAway(): number {
    const { size } = this.#pending;
    for (const pending of this.#pending) pending.sendAway();
    return size;
  }

  /** A place in the reserve for health checks; `evict` is called when a newer one needs it. The returned function gives it back. */
  joinReserve(evict: () => void): () => void {
    const [oldest] = this.#reserve;
    if (oldest && this.#reserve.size >= HEALTH_RESERVE) {
      this.#reserve.delete(oldest);
      oldest();
    }
    this.#reserve.add(evict);
    return () => this.#reserve.delete(evict);
  }

  tunnels(): number {
    return this.#open.size;
  }

  pending(): number {
    return this.#pending.size;
  }

  page(limit: number, after: number): TunnelPage {
    const rows: TunnelRow[] = [];
    let last = after;
    for (const session of this.#open) {
      if (session.place <= after) continue;
      if (rows.length >= limit) return { rows, next: last };
      rows.push(session.row());
      last = session.place;
    }
    return { rows, next: null };
  }

  closeSome(count: number, endedBy: EndedBy): number {
    let closed = 0;
    for (const session of this.#open) {
      if (closed >= count) break;
      if (session.close(endedBy)) closed += 1;
    }
    return closed;
  }

  /** 50,000 sessions take a few milliseconds; nothing here allocates. */
  sweep(): void {
    this.#time.nowMs = this.#clock.nowMs();
    for (const session of this.#open) session.sweep();
  }

  stop(): void {
    this.#cancelSweep();
  }
}
