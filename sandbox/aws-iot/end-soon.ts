/** Ends a stream politely, but ends it: what is written goes out, and a peer that does not close is not waited for. */

import type { Duplex } from 'node:stream';

const END_TIMEOUT_MS = 1_000;

export function endSoon(stream: Duplex, last?: Buffer | string): void {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
  stream.once('close', () => clearTimeout(timer));
  // What still comes is thrown away: unread bytes would turn the close into a reset, which overtakes the last words.
  stream.resume();
  stream.end(last);
}
