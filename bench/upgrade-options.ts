// The words behind `npm run bench -- upgrade`.

import { parseArgs } from 'node:util';
import { LOAD_TUNNELS_MAX } from './load.ts';
import { type Parsed, parsed } from './parsed.ts';
import { wholeNumber } from './whole-number.ts';

const TUNNELS = { least: 1, usual: 5_000, most: LOAD_TUNNELS_MAX } as const;
const SECURE = { least: 0, usual: 0, most: LOAD_TUNNELS_MAX } as const;
const OPENS = { least: 1, usual: 500, most: 10_000 } as const;
const UPGRADES = { least: 1, usual: 10, most: 1_000 } as const;

export interface UpgradeOptions {
  readonly tunnels: number;
  readonly secureTunnels: number;
  readonly opensPerSecond: number;
  readonly upgrades: number;
  readonly json: string | null;
}

export const UPGRADE_USAGE = `usage: npm run bench -- upgrade [--tunnels N] [--tls N] [--opens N] [--upgrades N] [--json FILE]

Has new generations of one Pinhole node take over in a row, on loopback, while tunnels in clear talk without pause and others are opened, and says
whether one was lost. Tunnels in TLS stay where they are until they are closed at a pace, so with them the third upgrade is refused.

  --tunnels N   in clear, held all the time: ${TUNNELS.usual} unless given, ${TUNNELS.most} at most
  --tls N       in TLS, held beside them: ${SECURE.usual} unless given
  --opens N     tunnels opened and closed a second: ${OPENS.usual} unless given
  --upgrades N  how many in a row: ${UPGRADES.usual} unless given
  --json FILE   writes what was seen as JSON
  --help        prints this

Exit codes: 0 nothing was lost, 1 something was, or an upgrade was refused, 64 wrong words, 69 something that is needed is not here, 130 Ctrl-C.`;

export function parseUpgradeOptions(args: readonly string[]): Parsed<UpgradeOptions> {
  return parsed(() => {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { tunnels: text, tls: text, opens: text, upgrades: text, json: text, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return null;
    return {
      tunnels: wholeNumber('--tunnels', values.tunnels, TUNNELS),
      secureTunnels: wholeNumber('--tls', values.tls, SECURE),
      opensPerSecond: wholeNumber('--opens', values.opens, OPENS),
      upgrades: wholeNumber('--upgrades', values.upgrades, UPGRADES),
      json: values.json ?? null,
    };
  });
}
