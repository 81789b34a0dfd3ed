// Where a session stands, and every legal step. One place may change it: the session.

import type { Phase } from '../core/record.ts';

/** Every legal step. A step that is not here is a bug of ours, and throws. */
const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  sniffing: ['handshaking', 'reading-head', 'deciding', 'closed'],
  handshaking: ['reading-head', 'closed'],
  'reading-head': ['deciding', 'closed'],
  deciding: ['resolving', 'closed'],
  resolving: ['dialing', 'closed'],
  dialing: ['answering', 'peeking', 'relaying', 'closed'],
  answering: ['peeking', 'relaying', 'closed'],
  peeking: ['relaying', 'closed'],
  relaying: ['closed'],
  closed: [],
};

export function step(from: Phase, to: Phase): Phase {
  if (!NEXT[from].includes(to)) throw new Error(`illegal step: ${from} -> ${to}`);
  return to;
}
