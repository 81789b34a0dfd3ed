// Time comes in by argument. This is the only file of the health plane that reads a clock or sets a timer.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only ever go up, the same in every process of this machine (CLOCK_MONOTONIC); never a date. */
  nowMs(): number;
  /** Milliseconds since the epoch, for what people read. */
  wallMs(): number;
  /** Runs once after the delay; the returned function cancels it. Keeps the process alive: a reconciler that waits is still at work. */
  after(delayMs: number, run: () => void): Cancel;
}

/**
 * `performance.now` counts from this process's start; its reading of CLOCK_MONOTONIC then makes it the machine's. A pause between two readings makes
 * the difference too small, never too large, since the machine's clock is read first: the largest of some is the nearest.
 */
const STARTED_MS = Math.max(...Array.from({ length: 8 }, () => Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now()));

export const systemClock: Clock = {
  nowMs: () => STARTED_MS + performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Rejects with what `late` makes where the work is not done in time. The work itself goes on: its owner ends it. */
export function inTime<T>(clock: Clock, timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(late()));
    work.then(resolve, reject).finally(cancel);
  });
}

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
