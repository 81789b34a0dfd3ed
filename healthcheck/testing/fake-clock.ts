// A clock that stands until a test moves it, or that jumps by itself to whatever is waited for.

import type { Clock } from '../clock.ts';
import { ASK_TIMEOUT_MS, TELL_TIMEOUT_MS } from '../fleet/nodes.ts';
import { TIMEOUTS_MS } from '../probe/attempt.ts';

export class FakeClock implements Clock {
  #nowMs = 0;
  #waiting: { readonly atMs: number; readonly run: () => void }[] = [];
  /** How long each wait was that was cut short. */
  readonly waits: number[] = [];
  readonly #jumps: boolean;

  constructor(jumps = false) {
    this.#jumps = jumps;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, run };
    this.#waiting.push(entry);
    if (this.#jumps) {
      setImmediate(() => {
        if (!this.#waiting.includes(entry)) return;
        this.waits.push(delayMs);
        this.advance(Math.max(0, entry.atMs - this.#nowMs));
      });
    }
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#waiting.filter((entry) => entry.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

const SPEED = 20;

/** The real clock, only faster: for what waits for real sockets too. */
export const fastClock: Clock = {
  nowMs: () => performance.now() * SPEED,
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs / SPEED);
    return () => clearTimeout(timer);
  },
};

/** How long is waited for a node: also by the probe, for a connection. */
const ANSWERS_MS: readonly number[] = [ASK_TIMEOUT_MS, TELL_TIMEOUT_MS, TIMEOUTS_MS.reach];

/** As fast, but for who waits for a node: a busy machine may take its time to answer. */
export const patientClock: Clock = {
  ...fastClock,
  after: (delayMs, run) => fastClock.after(ANSWERS_MS.includes(delayMs) ? SPEED * delayMs : delayMs, run),
};
