// The last quarter of an hour, second by second: what the page's charts begin with when somebody opens it.

import type { Clock } from '../../core/clock.ts';

/** A point a second. */
export const HISTORY_POINTS = 900;

export interface HistoryPoint {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly tunnels: number;
  readonly opensPerSecond: number;
}

export class History {
  readonly #clock: Clock;
  readonly #points: HistoryPoint[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(now: Omit<HistoryPoint, 'atMs'>): HistoryPoint {
    const point = { atMs: this.#clock.wallMs(), tunnels: now.tunnels, opensPerSecond: now.opensPerSecond };
    this.#points.push(point);
    if (this.#points.length > HISTORY_POINTS) this.#points.shift();
    return point;
  }

  all(): readonly HistoryPoint[] {
    return this.#points;
  }
}
