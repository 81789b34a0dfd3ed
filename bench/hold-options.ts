// The words behind `npm run bench -- hold`.

import { parseArgs } from 'node:util';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

const TUNNELS = { least: 100, usual: 50_000, most: 100_000 } as const;
/** What a node takes on two busy cores; faster, and it sheds some of them (overload, docs/health.md). */
const OPENS_PER_SECOND = { least: 1, usual: 1_000, most: 20_000 } as const;
/** Past 24 h AWS itself would have ended a session. */
const MINUTES = { least: 1, usual: 10, most: 1_440 } as const;

export interface HoldOptions {
  readonly tunnels: number;
  readonly opensPerSecond: number;
  readonly minutes: number;
  readonly json: string | null;
}

export const HOLD_USAGE = `usage: npm run bench -- hold [--tunnels N] [--opens-per-second N] [--minutes M] [--json FILE]

Holds many tunnels on one Pinhole node of several carriers, on loopback, sends a message there and back on each once a minute, and says
whether one was lost.

  --tunnels N  tunnels in all: ${TUNNELS.usual} unless given, ${TUNNELS.most} at most
  --opens-per-second N  how fast they open: ${OPENS_PER_SECOND.usual} unless given
  --minutes M  how long they are held: ${MINUTES.usual} unless given
  --json FILE  writes what was measured as JSON
  --help       prints this

Exit codes: 0 all held, 1 a tunnel was lost or a message not answered, 64 wrong words, 69 something that is needed is not here, 130 Ctrl-C.`;

export function parseHoldOptions(args: readonly string[]): Parsed<HoldOptions> {
  return parsed(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        tunnels: { type: 'string' },
        'opens-per-second': { type: 'string' },
        minutes: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return null;
    const tunnels = wholeNumber('--tunnels', values.tunnels, TUNNELS);
    const opensPerSecond = wholeNumber('--opens-per-second', values['opens-per-second'], OPENS_PER_SECOND);
    const minutes = wholeNumber('--minutes', values.minutes, MINUTES);
    return { tunnels, opensPerSecond, minutes, json: values.json ?? null };
  });
}
