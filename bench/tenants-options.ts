// The words behind `npm run bench -- tenants`.

import { parseArgs } from 'node:util';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

const TENANTS = { least: 2, usual: 10_000, most: 100_000 } as const;
const ROUNDS = { least: 1, usual: 5, most: 100 } as const;
const SECONDS = { least: 1, usual: 5, most: 60 } as const;
const RATE = { least: 1, usual: 2_000, most: 20_000 } as const;

export interface TenantsOptions {
  readonly tenants: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly json: string | null;
}

export const TENANTS_USAGE = `usage: npm run bench -- tenants [--tenants N] [--rounds N] [--seconds N] [--rate R] [--json FILE]

Asks two Pinhole nodes, one that knows one tenant and one that knows many, by tokens, for a target that is on no list, in alternation, on loopback.
Says what CPU a decision took of each, and how the two stand to each other.

  --tenants N  that the second node knows: ${TENANTS.usual} unless given, ${TENANTS.most} at most
  --rounds N   turns of each: ${ROUNDS.usual} unless given
  --seconds N  of a turn: ${SECONDS.usual} unless given
  --rate R     requests a second: ${RATE.usual} unless given
  --json FILE  writes what was seen as JSON
  --help       prints this

Exit codes: 0 many cost at most 1.2 times as much as one, 1 more, or a request was not decided, 64 wrong words, 69 something that is needed is not
here, 130 Ctrl-C.`;

export function parseTenantsOptions(args: readonly string[]): Parsed<TenantsOptions> {
  return parsed(() => {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { tenants: text, rounds: text, seconds: text, rate: text, json: text, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    return {
      tenants: wholeNumber('--tenants', values.tenants, TENANTS),
      rounds: wholeNumber('--rounds', values.rounds, ROUNDS),
      seconds: wholeNumber('--seconds', values.seconds, SECONDS),
      perSecond: wholeNumber('--rate', values.rate, RATE),
      json: values.json ?? null,
    };
  });
}
