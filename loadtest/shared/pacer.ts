// Who of a VU's agents may dial, and when, where no more than so many tries a second may be made, whatever fails, stalls or begins late.
// A quota of AWS's counts tries. Each VU has its share: moments that are evenly apart, and between those of the other VUs of all machines.
// No dependency: k6 runs this file too.

import type { AgentPlan } from './agent-plan.ts';

export class Pacer<T> {
  /** Whoever is due to dial, the first to come first. */
  readonly #line = new Set<T>();
  /** Between two tries; 0 where there may be any number. */
  readonly #gapMs: number;
  readonly #firstMs: number;
  /** No try before it. */
  #freeMs = -Infinity;
  /** Of the first in the line. */
  #turnMs = -Infinity;

  /** VUs count from 0. */
  constructor({ triesPerSecond, vus, beginsMs }: Pick<AgentPlan, 'triesPerSecond' | 'vus' | 'beginsMs'>, vu: number) {
    const perTryMs = triesPerSecond === null ? 0 : 1_000 / triesPerSecond;
    this.#gapMs = perTryMs * vus;
    this.#firstMs = beginsMs + perTryMs * vu;
  }

  /** When `next` is to be asked; Infinity where nobody waits. */
  get atMs(): number {
    return this.#line.size === 0 ? Infinity : this.#turnMs;
  }

  /**
   * Who is on time and finds nobody before him goes at once; all others at moments that are this VU's own: VUs that began late, or stood still,
   * together would else try together.
   */
  enter(who: T, dueMs: number, nowMs: number): void {
    if (this.#line.size === 0) {
      const isOnTime = nowMs - dueMs <= this.#gapMs && this.#freeMs <= nowMs;
      this.#turnMs = isOnTime ? nowMs : this.#momentFrom(Math.max(nowMs, this.#freeMs));
    }
    this.#line.add(who);
  }

  /** Whose turn it is, out of the line. He need not try: then it is the next one's turn. */
  next(nowMs: number): T | undefined {
    if (nowMs < this.atMs) return undefined;
    const [first] = this.#line;
    if (first !== undefined) this.#line.delete(first);
    return first;
  }

  /**
   * A try that was late by up to half a gap does not make the next one late, or a ramp would fall behind by what its timers are late; more is not
   * made up for. So n tries take n - 1.5 gaps at least.
   */
  tried(nowMs: number): void {
    if (this.#gapMs === 0) return;
    this.#freeMs = Math.max(this.#freeMs, nowMs - this.#gapMs / 2) + this.#gapMs;
    this.#turnMs = this.#momentFrom(this.#freeMs);
  }

  #momentFrom(ms: number): number {
    if (this.#gapMs === 0) return ms;
    return this.#firstMs + Math.ceil((ms - this.#firstMs) / this.#gapMs) * this.#gapMs;
  }
}
