// Time comes in by argument. This is the only file of the agent that reads a clock or sets a timer.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch: signatures and credentials are about dates. */
  nowMs(): number;
  /** Runs once after the delay; the returned function cancels it. Keeps the process alive: an agent that waits is still an agent. */
  after(delayMs: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Waits, or stops waiting when the signal says so; never throws. */
export function sleep(clock: Clock, delayMs: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop?.aborted) return resolve();
    const finish = (): void => {
      cancel();
      stop?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    stop?.addEventListener('abort', finish);
  });
}

/**
 * Gives `work` so much time. After that the signal it was given aborts and `late()` is thrown, whatever the work does:
 * the AWS SDK waits for ever on a silent proxy, and this agent exists to show that one need not.
 */
export function withinDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      reject(late());
      controller.abort();
    });
    work(controller.signal).then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
