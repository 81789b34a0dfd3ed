// The words behind `npm run bench -- splice`.

import { parseArgs } from 'node:util';

/** Odd is best: the one in the middle is shown. */
const ROUNDS = { least: 1, usual: 5, most: 99 } as const;

export interface SpliceOptions {
  readonly rounds: number;
  readonly json: string | null;
}

export type SpliceParsed =
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: SpliceOptions };

export const SPLICE_USAGE = `usage: npm run bench -- splice [--rounds N] [--json FILE]

Measures what it costs to relay by read(2) and write(2), and what by splice(2): the bare relay does both, on the same work, in turn.
A round takes about 45 s.

  --rounds N   each way takes so many turns, and the median is shown: ${ROUNDS.usual} unless given
  --json FILE  writes every turn as JSON
  --help       prints this

Exit codes: 0 measured, 64 wrong words, 69 something that is needed is not here, 130 Ctrl-C.`;

export function parseSpliceOptions(args: readonly string[]): SpliceParsed {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { rounds: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return { kind: 'help' };
    const rounds = /^\d+$/.test(values.rounds ?? `${ROUNDS.usual}`) ? Number(values.rounds ?? ROUNDS.usual) : NaN;
    if (rounds >= ROUNDS.least && rounds <= ROUNDS.most) return { kind: 'run', options: { rounds, json: values.json ?? null } };
    const problem = `--rounds: expected a whole number from ${ROUNDS.least} to ${ROUNDS.most}, got "${values.rounds}"`;
    return { kind: 'problem', problem };
  } catch (error) {
    return { kind: 'problem', problem: (error as Error).message };
  }
}
