// The clock of checkers and changes. It may run fast, so that a failover takes seconds to watch; signatures keep the real one.

export interface WorldClock {
  /** Milliseconds of the stand-in's world since it began. */
  nowMs(): number;
  /** Runs once after so many milliseconds of that world. */
  after(delayMs: number, run: () => void): () => void;
  /** So much of that world in milliseconds of ours. */
  toRealMs(ms: number): number;
}

export function createClock(speed = 1): WorldClock {
  const startedMs = performance.now();
  return {
    nowMs: () => (performance.now() - startedMs) * speed,
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs / speed);
      return () => clearTimeout(timer);
    },
    toRealMs: (ms) => ms / speed,
  };
}
