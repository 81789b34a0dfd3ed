// The words behind `npm run bench -- splice`.

import { parseArgs } from 'node:util';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

/** Odd is best: the one in the middle is shown. */
const ROUNDS = { least: 1, usual: 5, most: 99 } as const;

export interface SpliceOptions {
  readonly rounds: number;
  readonly json: string | null;
}

export const SPLICE_USAGE = `usage: npm run bench -- splice [--rounds N] [--json FILE]

Measures what it costs to relay by read(2) and write(2), and what by splice(2): the bare relay does both, on the same work, in turn.
A round takes about 45 s.

  --rounds N   each way takes so many turns, and the median is shown: ${ROUNDS.usual} unless given
  --json FILE  writes every turn as JSON
  --help       prints this

Exit codes: 0 measured, 64 wrong words, 69 something that is needed is not here, 130 Ctrl-C.`;

export function parseSpliceOptions(args: readonly string[]): Parsed<SpliceOptions> {
  return parsed(() => {
    const { values } = parseArgs({
      args: [...args],
      options: { rounds: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    return { rounds: wholeNumber('--rounds', values.rounds, ROUNDS), json: values.json ?? null };
  });
}
