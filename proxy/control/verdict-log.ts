// A line for each change of what control thinks of the node: an alarm reads it, and so does whoever asks afterwards why a node left DNS.

import type { Log } from './log.ts';
import type { Verdict } from './verdict.ts';

export type Announce = (verdict: Verdict) => void;

/** Numbers in a reason go on changing; which latches are tripped, and which concerns there are, is what counts. */
export function createAnnounce(log: Pick<Log, 'info' | 'warn'>): Announce {
  let last = keyOf([], []);
  return ({ ready, reasons, concerns, latches }) => {
    const tripped = latches.filter(({ isTripped }) => isTripped).map(({ latch }) => latch);
    const key = keyOf(tripped, concerns);
    if (key === last) return;
    last = key;
    const said = { ready, reasons, concerns };
    if (ready && concerns.length === 0) log.info({ event: 'readiness', ...said });
    else log.warn({ event: 'readiness', ...said });
  };
}

function keyOf(tripped: readonly string[], concerns: readonly string[]): string {
  return JSON.stringify([tripped, concerns.map((concern) => concern.replaceAll(/[0-9]+/g, '#'))]);
}
