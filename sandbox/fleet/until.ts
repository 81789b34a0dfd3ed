// Waits for a state of the world, never for a time.

import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** Milliseconds until it held; null where it did not in this time, or the signal came first. */
export async function until(holds: () => boolean, withinMs: number, stop?: AbortSignal): Promise<number | null> {
  const startedMs = performance.now();
  for (;;) {
    const passedMs = performance.now() - startedMs;
    if (holds()) return passedMs;
    if (passedMs > withinMs || stop?.aborted === true) return null;
    await delay(LOOK_EVERY_MS);
  }
}
