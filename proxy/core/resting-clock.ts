// The clock of a process that may rest: all that comes again and again then comes seldom, and together. Most of what an idle process costs is that it
// wakes, and what it touches then has gone cold.

import { atOwnPace, type Cancel, type Clock } from './clock.ts';

interface Job {
  readonly periodMs: number;
  readonly run: (lateMs: number) => void;
  /** By which it comes now. */
  setMs: number;
  cancel: Cancel;
}

export class RestingClock implements Clock {
  readonly #clock: Clock;
  readonly #restMs: number | null;
  readonly #began: () => void;
  readonly #jobs = new Set<Job>();
  #isResting = false;

  /** `restMs`: what each period is at least while it rests; with null it never does. `began`: it has begun to. */
  constructor(clock: Clock, restMs: number | null, began: () => void = () => {}) {
    this.#clock = clock;
    this.#restMs = restMs;
    this.#began = began;
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
    const job: Job = { periodMs, run, setMs: periodMs, cancel: () => {} };
    this.#set(job);
    this.#jobs.add(job);
    return () => {
      this.#jobs.delete(job);
      job.cancel();
    };
  }

  /** What each period is at least; null while it works. */
  get restMs(): number | null {
    return this.#isResting ? this.#restMs : null;
  }

  /** Rests from now on where all is quiet, and works where it is not. */
  restIf(isQuiet: boolean): void {
    if (isQuiet) this.rest();
    else this.work();
  }

  /** Each from its next turn on, which may be due by now. */
  rest(): void {
    if (this.#restMs === null || this.#isResting) return;
    this.#isResting = true;
    this.#began();
  }

  /** From now on: the next turns come within their own periods. */
  work(): void {
    this.#isResting = false;
    for (const job of this.#jobs) if (job.setMs > job.periodMs) this.#set(job);
  }

  #set(job: Job): void {
    job.cancel();
    const wantedMs = (): number => (job.setMs = Math.max(job.periodMs, this.restMs ?? 0));
    job.cancel = atOwnPace(this.#clock, wantedMs(), (lateMs) => {
      job.run(lateMs);
      return wantedMs();
    });
  }
}
