// The command line of the game days: text to options, or what is wrong with it.

import { parseArgs } from 'node:util';
import type { GameDay } from './day.ts';

export interface GameDayOptions {
  /** Those that are to be played, in order. */
  readonly days: readonly GameDay[];
  readonly isJson: boolean;
  /** Null: each day's own. */
  readonly speed: number | null;
  /** How many worlds are up at once. */
  readonly atOnce: number;
}

export type ParsedGameDayOptions =
  | { readonly kind: 'options'; readonly options: GameDayOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly isJson: boolean }
  | { readonly kind: 'problem'; readonly problem: string };

const SPEED_MAX = 20;
const AT_ONCE_MAX = 9;
export const ALL = 'all';

export const USAGE = `usage: ./pinhole gameday NAME [NAME ...] [--speed N] [--json]
       ./pinhole gameday all [--at-once N] [--speed N] [--json]
       ./pinhole gameday --list

Breaks a fleet of three nodes on this machine in one way, and says with numbers whether it held what was promised.
Nothing leaves the machine, and everything that was started is ended.

  --list       the game days, and what each does
  --json       one JSON object a day: verdict, checks, timeline
  --speed N    how much faster than ours the clock of Route 53 runs, 1 to ${SPEED_MAX}; each day has its own
  --at-once N  so many days at once, each in a world of its own, 1 to ${AT_ONCE_MAX}; 1 unless given
  --help       this text

Exit codes: 0 held, 1 missed, 64 wrong name or command line, 69 this machine lacks what the day needs.
`;

export function parseGameDayOptions(args: readonly string[], known: readonly GameDay[]): ParsedGameDayOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        speed: { type: 'string' },
        'at-once': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: true,
    });
    if (values.help) return { kind: 'help' };
    if (values.list) return { kind: 'list', isJson: values.json };
    const speed = values.speed === undefined ? null : wholeNumber(values.speed, SPEED_MAX);
    if (Number.isNaN(speed)) return problem(`--speed: expected a whole number from 1 to ${SPEED_MAX}, got ${values.speed}`);
    const atOnce = wholeNumber(values['at-once'] ?? '1', AT_ONCE_MAX);
    if (Number.isNaN(atOnce)) return problem(`--at-once: expected a whole number from 1 to ${AT_ONCE_MAX}, got ${values['at-once']}`);
    const unknown = positionals.find((name) => name !== ALL && known.every((day) => day.name !== name));
    if (unknown !== undefined)
      return problem(`no game day is called ${unknown}; there are ${known.map(({ name }) => name).join(', ')}, ${ALL}`);
    if (positionals.length === 0) return problem('which game day? --list shows them');
    const days = positionals.includes(ALL) ? known : known.filter(({ name }) => positionals.includes(name));
    return { kind: 'options', options: { days, isJson: values.json, speed, atOnce } };
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(text: string, max: number): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= 1 && value <= max ? value : Number.NaN;
}

function problem(words: string): ParsedGameDayOptions {
  return { kind: 'problem', problem: words };
}
