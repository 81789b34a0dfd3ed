// The node's shared counts as an onlooker sees them: control and the commands that operate a node.

import { readRecords, ROW } from './ledger-file.ts';
import { opensInLastSecond } from './open-rate.ts';

export interface LedgerView {
  readonly tunnels: number;
  readonly opensPerSecond: number;
}

export function readLedger(file: string, nowMs: number): LedgerView {
  const words = readRecords(file);
  let tunnels = 0;
  let opens = 0;
  for (let base = 0; base < words.length; base += ROW.words) {
    if (words[base + ROW.inUse] !== 1) continue;
    tunnels += words[base + ROW.tunnels] ?? 0;
    opens += opensInLastSecond(words, base, nowMs);
  }
  return { tunnels, opensPerSecond: Math.round(opens) };
}
