// When to come back after a failure: full jitter from 1 s to 120 s, as the AWS IoT SDK v2 does, so that a fleet cut off in one moment
// does not return in one moment. Pure: chance comes in by argument.

/** The window of the first retry; it doubles with each failure in a row. */
export const BACKOFF_MIN_MS = 1_000;
export const BACKOFF_MAX_MS = 120_000;
/** A session that lived this long was a good one; the SDK v2 for MQTT 5 uses the same 30 s. */
export const GOOD_SESSION_MS = 30_000;
/**
 * A lost session is opened again over another address after so long at most: long enough that the thousands that a node has lost do not meet
 * the next one in one millisecond, short enough that nobody misses them.
 */
export const MOVE_SPREAD_MS = 500;
/** AWS IoT takes one CONNECT a second of a client id, and the quota cannot be raised (AWS IoT Core quotas). */
export const CONNECT_SPACING_MS = 1_000;
/** No proxy may send an agent away for longer than this. */
export const RETRY_AFTER_MAX_MS = 600_000;

/** Milliseconds to wait after so many failures in a row (at least one); `random` gives a number in [0, 1). */
export function backoffMs(failures: number, random: () => number, retryAfterMs = 0): number {
  const windowMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (Math.max(1, failures) - 1));
  // Retry-After is a floor, never a reason to come back sooner than the failures so far would have it.
  return Math.max(Math.floor(random() * windowMs), Math.min(RETRY_AFTER_MAX_MS, retryAfterMs));
}

/** Milliseconds until a session that was opened so long ago, and lost, is opened again over another address. */
export function moveMs(ageMs: number, random: () => number): number {
  return Math.max(Math.floor(random() * MOVE_SPREAD_MS), CONNECT_SPACING_MS - ageMs);
}

/** `Retry-After` as whole seconds (RFC 9110 section 10.2.3); a date, or anything else, is not ours and counts as absent. */
export function parseRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,9}$/.test(text)) return undefined;
  return Math.min(RETRY_AFTER_MAX_MS, Number(text) * 1_000);
}
