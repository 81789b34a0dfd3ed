// Turns at fixed moments, whatever became of the earlier ones: where each waited for the one before, a stall of seconds would be one late turn,
// and not as many as it lasted.

import { type Clock, sleep } from '../../agent/clock.ts';

export interface Turns {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly stop: AbortSignal;
}

/** Each speaks once a turn, and is told of which moment the turn is. A turn that is late is taken at once; who is first changes each time. */
export async function takeTurns(speakers: readonly ((intendedMs: number) => void)[], { clock, everyMs, stop }: Turns): Promise<void> {
  const beginMs = clock.nowMs();
  for (let turn = 0; ; turn++) {
    const intendedMs = beginMs + turn * everyMs;
    await sleep(clock, Math.max(0, intendedMs - clock.nowMs()), stop);
    if (stop.aborted) return;
    // The second waits for the first one's system call.
    for (const speak of turn % 2 === 0 ? speakers : speakers.toReversed()) speak(intendedMs);
  }
}
