// The words behind `npm run bench -- drain`.

import { parseArgs } from 'node:util';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

const TUNNELS = { least: 1, usual: 1_000, most: 5_000 } as const;
/** To the most that `drain.rate` takes. */
const RATE = { least: 1, usual: 50, most: 1_000 } as const;

export interface DrainOptions {
  readonly tunnels: number;
  readonly rate: number;
  readonly json: string | null;
}

export const DRAIN_USAGE = `usage: npm run bench -- drain [--tunnels N] [--rate R] [--json FILE]

Drains a Pinhole node of two carriers, on loopback, with \`pinhole drain\`. Each agent that it closes comes back at once, through a second node.
Says how many connections the far end got in any one second, and how far off the time was that the command said was left.

  --tunnels N  open when the drain begins: ${TUNNELS.usual} unless given, ${TUNNELS.most} at most
  --rate R     \`drain.rate\` of the node: ${RATE.usual} unless given
  --json FILE  writes what was seen as JSON
  --help       prints this

Exit codes: 0 the rate held in every second and each time was within 15 %, 1 one did not, or an agent did not come back, 64 wrong words,
69 something that is needed is not here, 130 Ctrl-C.`;

export function parseDrainOptions(args: readonly string[]): Parsed<DrainOptions> {
  return parsed(() => {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { tunnels: text, rate: text, json: text, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    return {
      tunnels: wholeNumber('--tunnels', values.tunnels, TUNNELS),
      rate: wholeNumber('--rate', values.rate, RATE),
      json: values.json ?? null,
    };
  });
}
