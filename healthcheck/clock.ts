// Time comes in by argument. This is the only file of the health plane that reads a clock or sets a timer.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only ever go up; never a date. */
  nowMs(): number;
  /** Milliseconds since the epoch, for what people read. */
  wallMs(): number;
  /** Runs once after the delay; the returned function cancels it. Keeps the process alive: a reconciler that waits is still at work. */
  after(delayMs: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
