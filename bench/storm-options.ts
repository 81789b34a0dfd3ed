// The words behind `npm run bench -- storm`.

import { parseArgs } from 'node:util';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

const ROUNDS = { least: 1, usual: 5, most: 100 } as const;
/** The first second of a press is a step from nothing to all of it; in a turn of this length it is not the p99. */
const SECONDS = { least: 2, usual: 16, most: 60 } as const;
const STORM = { least: 1, usual: 2_000, most: 50_000 } as const;
/** What one process of the crowd holds. */
const SILENT = { least: 1, usual: 10_000, most: 15_000 } as const;
const REFUSED = { least: 1, usual: 10_000, most: 50_000 } as const;

export interface StormOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly sizes: { readonly storm: number; readonly silent: number; readonly refused: number };
  readonly json: string | null;
}

export const STORM_USAGE = `usage: npm run bench -- storm [--rounds N] [--seconds N] [--storm N] [--silent N] [--refused N] [--json FILE]

Presses one Pinhole node of two carriers, on loopback, while good agents open 100 tunnels a second and talk on 200 others: by a storm of one tenant, by
connections of one stranger on which nothing is said, and by requests of one stranger that are refused. Each beside a quiet turn, in alternation.

  --rounds N   of each: ${ROUNDS.usual} unless given
  --seconds N  of a turn: ${SECONDS.usual} unless given
  --storm N    opens a second that the tenant asks for and does not get: ${STORM.usual} unless given
  --silent N   connections on which nothing is said: ${SILENT.usual} unless given, ${SILENT.most} at most
  --refused N  requests a second that are refused: ${REFUSED.usual} unless given
  --json FILE  writes what was seen as JSON
  --help       prints this

Exit codes: 0 what is wanted held, 1 it did not, 64 wrong words, 69 something that is needed is not here, 130 Ctrl-C.`;

export function parseStormOptions(args: readonly string[]): Parsed<StormOptions> {
  return parsed(() => {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ rounds: text, seconds: text, storm: text, silent: text, refused: text, json: text },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return null;
    return {
      rounds: wholeNumber('--rounds', values.rounds, ROUNDS),
      seconds: wholeNumber('--seconds', values.seconds, SECONDS),
      sizes: {
        storm: wholeNumber('--storm', values.storm, STORM),
        silent: wholeNumber('--silent', values.silent, SILENT),
        refused: wholeNumber('--refused', values.refused, REFUSED),
      },
      json: values.json ?? null,
    };
  });
}
