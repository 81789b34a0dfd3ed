// Time comes in by argument. This is the only file of the product that reads a clock or sets a timer.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only ever go up, the same in every process of this machine (CLOCK_MONOTONIC); never a date. */
  nowMs(): number;
  /** Milliseconds since the epoch, for what people read; never for durations. */
  wallMs(): number;
  /** Runs once after the delay; the returned function cancels it. Never keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel;
  /** Runs again and again until cancelled. Never keeps the process alive. */
  every(periodMs: number, run: () => void): Cancel;
}

/**
 * `performance.now` counts from this process's start; its reading of CLOCK_MONOTONIC then makes it the machine's. The first call takes a
 * millisecond or three, by which two processes would then differ: the second one is the reading.
 */
const STARTED_MS = [0, 1].map(() => Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now())[1] ?? 0;

/** For a command that waits, and for a start: it is at work, and the process lives until it is done. */
export const commandClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  wallMs: () => systemClock.wallMs(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return () => clearInterval(timer);
  },
};

export const systemClock: Clock = {
  nowMs: () => STARTED_MS + performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    let isOver = false;
    let isWaiting = false;
    const next = (): NodeJS.Timeout => setTimeout(fire, untilNext(periodMs, systemClock.nowMs())).unref();
    const turn = (): void => {
      isWaiting = false;
      if (!isOver) run();
    };
    const fire = (): void => {
      timer = next();
      // A loop whose turns are longer than the period owes it nothing for those that it missed.
      if (!isWaiting) inTurn(turn);
      isWaiting = true;
    };
    let timer = next();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  },
};

/** What is due, the first first. */
const due: (() => void)[] = [];

/** What is due together runs one by one, each in its own turn of the loop: whoever connects meanwhile waits for one of them, not for all. */
function inTurn(run: () => void): void {
  if (due.push(run) === 1) setImmediate(nextTurn);
}

function nextTurn(): void {
  const run = due.shift();
  if (due.length > 0) setImmediate(nextTurn);
  run?.();
}

/** So that processes that are started together do not wake together. */
const PHASE_MS = (process.pid * 37) % 250;

/**
 * What comes again and again comes at whole multiples of its period, so that all that is due wakes the process once: most of what an idle process
 * costs is that it wakes. From half a period to one and a half from now, so that one that came a little early does not come twice.
 */
function untilNext(periodMs: number, nowMs: number): number {
  return Math.round((nowMs - PHASE_MS) / periodMs + 1) * periodMs + PHASE_MS - nowMs;
}
