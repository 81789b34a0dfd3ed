// A look that costs something, made once for all who ask at the same time, and never more often than its cost allows: however many ask, and however
// often, it takes a tenth of a processor at most.

import type { Clock } from '../core/clock.ts';

const COST_FACTOR = 10;
/**
 * Whoever asks waits for a new look for so long, and has the last one's answer then; at once where the last one took longer than that. A page has
 * a tenth of a second until somebody feels that it is slow, and has to be asked and drawn in it too.
 */
const PATIENCE_MS = 40;
/** After so long the last answer says nothing any more. */
const STALE_MS = 30_000;

interface Seen<T> {
  readonly value: T;
  readonly atMs: number;
  readonly tookMs: number;
}

export class SharedLook<T> {
  readonly #clock: Clock;
  readonly #look: () => Promise<T>;
  readonly #freshMs: number;
  #seen: Seen<T> | null = null;
  #looking: Promise<T> | null = null;

  /** An answer is taken for new for `freshMs`. */
  constructor(clock: Clock, freshMs: number, look: () => Promise<T>) {
    this.#clock = clock;
    this.#freshMs = freshMs;
    this.#look = look;
  }

  /** Rejects where there is no answer yet, or only an old one, and the look fails. */
  async get(): Promise<T> {
    const seen = this.#seen;
    const ageMs = seen ? this.#clock.nowMs() - seen.atMs : Infinity;
    if (seen && ageMs < Math.max(this.#freshMs, COST_FACTOR * seen.tookMs)) return seen.value;
    this.#looking ??= this.#start();
    if (!seen || ageMs > STALE_MS) return this.#looking;
    const next = this.#looking.catch(() => seen.value);
    return seen.tookMs > PATIENCE_MS ? seen.value : Promise.race([next, this.#patience(seen.value)]);
  }

  /** Something was changed, and this is what has become of the last answer: the next look may be far. */
  patch(change: (value: T) => T): void {
    if (this.#seen) this.#seen = { ...this.#seen, value: change(this.#seen.value) };
  }

  /** What is known is old: something was changed. */
  forget(): void {
    this.#seen = null;
  }

  async #start(): Promise<T> {
    const startMs = this.#clock.nowMs();
    try {
      const value = await this.#look();
      const atMs = this.#clock.nowMs();
      this.#seen = { value, atMs, tookMs: atMs - startMs };
      return value;
    } finally {
      this.#looking = null;
    }
  }

  #patience(value: T): Promise<T> {
    return new Promise((resolve) => this.#clock.after(PATIENCE_MS, () => resolve(value)));
  }
}
