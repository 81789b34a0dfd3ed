// The last quarter of an hour, second by second, and every few seconds where control rested: what the page's charts begin with when somebody opens it.

import type { Clock } from '../../core/clock.ts';

const HISTORY_MS = 900_000;
/** Also where the date was put back. */
const POINTS_MAX = 900;

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
    while (this.#points.length > POINTS_MAX || point.atMs - (this.#points[0]?.atMs ?? point.atMs) >= HISTORY_MS) this.#points.shift();
    return point;
  }

  all(): readonly HistoryPoint[] {
    return this.#points;
  }
}
