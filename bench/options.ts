// The words behind `npm run bench --`.

import { parseArgs } from 'node:util';
import type { Contestant } from './contestant.ts';
import { LOAD_TUNNELS_MAX } from './load.ts';
import { type Parsed, parsed } from './parsed.ts';

const TUNNELS_MIN = 100;
const TUNNELS_USUAL = 4_000;

export interface BenchOptions {
  readonly contestants: readonly Contestant[];
  readonly tunnels: number;
  readonly json: string | null;
  readonly markdown: string | null;
}

export function usage(all: readonly Contestant[]): string {
  return `usage: npm run bench -- [NAME ...] [--tunnels N] [--json FILE] [--markdown FILE]
       npm run bench -- hold --help
       npm run bench -- upgrade --help
       npm run bench -- drain --help
       npm run bench -- storm --help
       npm run bench -- tenants --help
       npm run bench -- splice --help

Measures Pinhole beside other proxies on loopback: the same work for each, one after the other. Takes about a minute for each.

  NAME             only these: ${all.map(({ name }) => `"${name}"`).join(', ')}
  --tunnels N      tunnels that each holds: ${TUNNELS_USUAL} unless given, ${LOAD_TUNNELS_MAX} at most
  --json FILE      writes everything that was measured, with the ratios, as JSON
  --markdown FILE  writes the tables that are printed as well
  --help           prints this

Exit codes: 0 all was measured, 1 a proxy lost or failed work and is not compared, 64 wrong words, 69 something that is needed is not here,
130 Ctrl-C.`;
}

export function parseBenchOptions(args: readonly string[], all: readonly Contestant[]): Parsed<BenchOptions> {
  return parsed(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        tunnels: { type: 'string' },
        json: { type: 'string' },
        markdown: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return null;
    const tunnels = Number(values.tunnels ?? TUNNELS_USUAL);
    if (!Number.isInteger(tunnels) || tunnels < TUNNELS_MIN || tunnels > LOAD_TUNNELS_MAX)
      throw new Error(`--tunnels: expected a whole number from ${TUNNELS_MIN} to ${LOAD_TUNNELS_MAX}, got "${values.tunnels}"`);
    const stranger = positionals.find((name) => !all.some((contestant) => contestant.name === name));
    if (stranger !== undefined) throw new Error(`no proxy is called "${stranger}"`);
    const contestants = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
    return { contestants, tunnels, json: values.json ?? null, markdown: values.markdown ?? null };
  });
}
