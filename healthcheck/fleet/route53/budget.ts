// Calls to the API one after another, no more of them than the account has.

import { type Clock, sleep } from '../../clock.ts';

/** Route 53 takes 5 requests a second from a whole account (developer guide, quotas); one is left for others. */
export const REQUESTS_PER_SECOND = 4;

export class Budget {
  readonly #clock: Clock;
  readonly #apartMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, requestsPerSecond = REQUESTS_PER_SECOND) {
    this.#clock = clock;
    this.#apartMs = 1_000 / requestsPerSecond;
  }

  /** Resolves when the next call may be made. */
  async take(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const atMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = atMs + this.#apartMs;
    if (atMs > nowMs) await sleep(this.#clock, atMs - nowMs);
  }
}
