// Time comes in by argument. This is the only file of the product that reads a clock or sets a timer.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds that only ever go up, the same in every process of this machine (CLOCK_MONOTONIC); never a date. */
  nowMs(): number;
  /** Milliseconds since the epoch, for what people read; never for durations. */
  wallMs(): number;
  /** Runs once after the delay, at once where that is below zero; the returned function cancels it. Never keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel;
  /** Runs again and again until cancelled; `run` is told how late it is. Never keeps the process alive. */
  every(periodMs: number, run: (lateMs: number) => void): Cancel;
}

/**
 * `run` again and again until cancelled, each time after as long as it wanted the last time. It is told how late it is, and by which period it came.
 */
export function atOwnPace(clock: Pick<Clock, 'every'>, firstMs: number, run: (lateMs: number, periodMs: number) => number): Cancel {
  let isOver = false;
  const by = (periodMs: number): Cancel =>
    clock.every(periodMs, (lateMs) => {
      const wantedMs = run(lateMs, periodMs);
      if (isOver || wantedMs === periodMs) return;
      cancel();
      cancel = by(wantedMs);
    });
  let cancel = by(firstMs);
  return () => {
    isOver = true;
    cancel();
  };
}

/**
 * `performance.now` counts from this process's start; its reading of CLOCK_MONOTONIC then makes it the machine's. A pause between two readings (the
 * first call takes a millisecond or three) makes the difference too small, never too large, since the machine's clock is read first: the largest of
 * some is the nearest.
 */
const STARTED_MS = Math.max(...Array.from({ length: 8 }, () => Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now()));

/** For a command that waits, and for a start: it is at work, and the process lives until it is done. */
export const commandClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  wallMs: () => systemClock.wallMs(),
  after(delayMs, run) {
    const timer = setTimeout(run, notBelowZero(delayMs));
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    const timer = setInterval(() => run(0), periodMs);
    return () => clearInterval(timer);
  },
};

export const systemClock: Clock = {
  nowMs: () => STARTED_MS + performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, notBelowZero(delayMs)).unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    // It would keep all others of this process from their turns.
    if (!(periodMs > 0)) throw new RangeError(`a period of ${periodMs} ms`);
    const job: Job = { periodMs, run, nextMs: nextOf(periodMs, systemClock.nowMs()), dueMs: null };
    jobs.add(job);
    arm();
    return () => void jobs.delete(job);
  },
};

/** Node warns of a delay below zero, in lines of its own among those of the log. */
function notBelowZero(delayMs: number): number {
  return Math.max(0, delayMs);
}

interface Job {
  readonly periodMs: number;
  readonly run: (lateMs: number) => void;
  nextMs: number;
  /** It waits for its turn since then: a loop whose turns are longer than the period owes it nothing for those that it missed. */
  dueMs: number | null;
}

/** All that comes again and again in this process has one timer: to make one takes as long as most of what they are for. */
const jobs = new Set<Job>();
let armed: { readonly atMs: number; readonly timer: NodeJS.Timeout } | null = null;

/** For the first that is due. One that was cancelled is waited for all the same, once. */
function arm(): void {
  const atMs = Math.min(...Array.from(jobs, ({ nextMs }) => nextMs));
  if (!Number.isFinite(atMs) || (armed !== null && armed.atMs <= atMs)) return;
  if (armed !== null) clearTimeout(armed.timer);
  armed = { atMs, timer: setTimeout(ring, notBelowZero(atMs - systemClock.nowMs())).unref() };
}

function ring(): void {
  armed = null;
  const nowMs = systemClock.nowMs();
  for (const job of jobs) {
    if (job.nextMs - nowMs > EARLY_MS) continue;
    if (job.dueMs === null) inTurn(job);
    job.dueMs ??= job.nextMs;
    job.nextMs = nextOf(job.periodMs, nowMs);
  }
  arm();
}

/** A timer may come so much too early, by its rounding. */
const EARLY_MS = 1;

/** What is due, the first first. */
const due: Job[] = [];

/** So long one turn of the loop may take: whoever connects while all that is due together runs waits for a part of it, not for all. */
const TURN_MS = 1;

function inTurn(job: Job): void {
  if (due.push(job) === 1) setImmediate(nextTurn);
}

function nextTurn(): void {
  const startMs = systemClock.nowMs();
  try {
    for (let nowMs = startMs; nowMs - startMs < TURN_MS && due.length > 0; nowMs = systemClock.nowMs()) {
      const job = due.shift();
      if (job === undefined || !jobs.has(job)) continue;
      const lateMs = Math.max(0, nowMs - (job.dueMs ?? job.nextMs));
      job.dueMs = null;
      job.run(lateMs);
    }
  } finally {
    // Also where one of them throws.
    if (due.length > 0) setImmediate(nextTurn);
  }
}

/** So that processes that are started together do not wake together. */
const PHASE_MS = (process.pid * 37) % 250;

/**
 * What comes again and again comes at whole multiples of its period, so that all that is due wakes the process once: most of what an idle process
 * costs is that it wakes. Within one period from now, also behind a turn that was late; one that came a little early does not come twice.
 */
function nextOf(periodMs: number, nowMs: number): number {
  return Math.floor((nowMs + EARLY_MS - PHASE_MS) / periodMs + 1) * periodMs + PHASE_MS;
}
