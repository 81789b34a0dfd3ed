// One cell of refusals: the second it speaks of, and in one word the refusals of that second (low half) and of the one before. Pure.

const COUNT_MAX = 0xffff;

export function countRefusal(words: Uint32Array, at: number, nowMs: number): void {
  const second = Math.floor(nowMs / 1_000);
  const age = second - (words[at] ?? 0);
  const counts = words[at + 1] ?? 0;
  const now = age === 0 ? counts & COUNT_MAX : 0;
  const before = age === 0 ? counts >>> 16 : age === 1 ? counts & COUNT_MAX : 0;
  words[at] = second;
  words[at + 1] = ((before << 16) | Math.min(COUNT_MAX, now + 1)) >>> 0;
}

/** Refusals in the second up to now; the second before counts by the share of it that is still within. */
export function refusalsInLastSecond(words: Uint32Array, at: number, nowMs: number): number {
  const second = Math.floor(nowMs / 1_000);
  const within = 1 - (nowMs / 1_000 - second);
  const age = second - (words[at] ?? 0);
  const counts = words[at + 1] ?? 0;
  if (age === 0) return (counts & COUNT_MAX) + (counts >>> 16) * within;
  if (age === 1) return (counts & COUNT_MAX) * within;
  return 0;
}
