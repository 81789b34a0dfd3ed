// A clock for tests: time goes on only from one timer to the next, once everything that could run has run.

import { setImmediate as turn } from 'node:timers/promises';
import type { Cancel, Clock } from '../../../agent/clock.ts';

export class FakeClock implements Clock {
  #nowMs: number;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Lets time go until the work is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    done.catch(() => {});
    while (!isDone) {
      await turn();
      await turn();
      const next = this.#timers.toSorted((one, other) => one.atMs - other.atMs)[0];
      if (isDone || next === undefined) continue;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    return done;
  }
}
