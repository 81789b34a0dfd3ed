// Unix time in milliseconds and parts of them, out of one clock that counts whole ones and one that counts parts from a moment nobody knows.
// No dependency: k6 runs this file too.

export type Now = () => number;

export interface Clocks {
  /** Unix time, whole milliseconds. */
  readonly wholeMs: () => number;
  /** Since a moment that stays the same, and parts. */
  readonly sinceMs: () => number;
}

/** So near is near enough: a tenth of what a message takes on one machine. */
const NEAR_MS = 0.2;
/** Some 50 ms of k6: every millisecond that passes meanwhile is another chance. A machine so busy that none is good has latencies of its own. */
const LOOKS_MOST = 20_000;

/**
 * Each look says between which two moments the second clock began: it read `before` and `after`, and in between it was `whole` to `whole` + 1. A
 * look in whose midst this program was not let run says little, and spoils nothing that others say. Of what is left the earliest is taken: this
 * clock is behind the true one by NEAR_MS at most, and never ahead, so that an answer that is stamped by the true one comes after its question.
 */
export function fineClock({ wholeMs, sinceMs }: Clocks): Now {
  let [earliestMs, latestMs] = [-Infinity, Infinity];
  let before = sinceMs();
  for (let look = 0; look < LOOKS_MOST && latestMs - earliestMs > NEAR_MS; look += 1) {
    const whole = wholeMs();
    const after = sinceMs();
    earliestMs = Math.max(earliestMs, whole - after);
    latestMs = Math.min(latestMs, whole + 1 - before);
    before = after;
  }
  return () => earliestMs + sinceMs();
}
