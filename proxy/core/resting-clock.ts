// The clock of a process that may rest: all that comes again and again then comes seldom, and together. Most of what an idle process costs is that it
// wakes, and what it touches then has gone cold.

import type { Cancel, Clock } from './clock.ts';

interface Job {
  readonly periodMs: number;
  readonly run: (lateMs: number) => void;
  /** It has been set for a rest. */
  isSlow: boolean;
  isOver: boolean;
  cancel: Cancel;
}

export class RestingClock implements Clock {
  readonly #clock: Clock;
  readonly #restMs: number | null;
  readonly #jobs = new Set<Job>();
  #isResting = false;

  /** `restMs`: what each period is at least while it rests; with null it never does. */
  constructor(clock: Clock, restMs: number | null) {
    this.#clock = clock;
    this.#restMs = restMs;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#clock.after(delayMs, run);
  }

  every(periodMs: number, run: (lateMs: number) => void): Cancel {
    const job: Job = { periodMs, run, isSlow: false, isOver: false, cancel: () => {} };
    this.#set(job);
    this.#jobs.add(job);
    return () => {
      job.isOver = true;
      this.#jobs.delete(job);
      job.cancel();
    };
  }

  /** What each period is at least; null while it works. */
  get restMs(): number | null {
    return this.#isResting ? this.#restMs : null;
  }

  /** Each from its next turn on, which may be due by now; true where it has not rested before. */
  rest(): boolean {
    if (this.#restMs === null || this.#isResting) return false;
    this.#isResting = true;
    return true;
  }

  /** From now on: the next turns come within their own periods. */
  work(): void {
    this.#isResting = false;
    for (const job of this.#jobs) if (job.isSlow) this.#set(job);
  }

  #set(job: Job): void {
    job.cancel();
    job.isSlow = this.#isResting;
    job.cancel = this.#clock.every(Math.max(job.periodMs, this.restMs ?? 0), (lateMs) => {
      job.run(lateMs);
      if (!job.isOver && job.isSlow !== this.#isResting) this.#set(job);
    });
  }
}
