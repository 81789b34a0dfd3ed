// The command line of the sandbox: text to options, or what is wrong with it.

import { parseArgs } from 'node:util';
import { BREAK_NAMES, type BreakName } from './breaks/breaks.ts';
import { NODES_MAX, NODES_MIN } from './fleet/layout.ts';

export interface FleetOptions {
  readonly nodes: number;
  readonly agents: number;
  /** Null: what suits the run. */
  readonly speed: number | null;
  readonly restart: boolean;
}

export interface SandboxOptions {
  readonly once: boolean;
  /** Null: `.sandbox` in the project's folder, or a folder of its own for --once. */
  readonly dir: string | null;
  readonly json: boolean;
  /** Null: one node. */
  readonly fleet: FleetOptions | null;
  /** Null: nothing is broken. */
  readonly broken: BreakName | null;
}

export type ParsedSandboxOptions =
  | { readonly kind: 'options'; readonly options: SandboxOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly problem: string };

const AGENTS_DEFAULT = 12;
const AGENTS_MAX = 500;
const SPEED_MAX = 20;

export const USAGE = `usage: npm start [-- --once] [-- --dir DIR] [-- --fleet N]
       ./pinhole sandbox [--once [--json]] [--dir DIR]
       ./pinhole sandbox --fleet N [--agents N] [--speed N] [--restart] [--once] [--json] [--dir DIR]
       ./pinhole sandbox --break NAME [--once] [--dir DIR]

A whole world on this machine: a stand-in for AWS IoT Core, the proxy in front of it, and a device that publishes through it.
With --fleet: several nodes, a stand-in for Route 53 with checkers and name servers, \`fleet run\`, agents, and a live view of all of it.
With --break: a customer's site on which one thing is broken, for \`pinhole doctor\` to find.
Nothing leaves the machine. Ctrl-C ends everything that was started.

  --once      drive every door of the proxy once, print what was allowed and refused, and end: 0 if all was as expected, else 1;
              with --fleet: all agents through, a node killed, agents and node back; with --break: the doctor run once, and 0 if it is right
  --json      with --once: the same as one JSON object; with --fleet: what the view shows, as one JSON object a second
  --dir DIR   folder for certificates, configuration and logs (default: .sandbox; --once: a temporary one)
  --fleet N   so many nodes, ${NODES_MIN} to ${NODES_MAX}, each on a loopback address of its own
  --agents N  so many agents, 1 to ${AGENTS_MAX} (default ${AGENTS_DEFAULT}): three of four by the signed list of addresses, the others by the name
  --speed N   how much faster than ours the clock of Route 53 runs, 1 to ${SPEED_MAX} (default 1; --once: 10)
  --restart   start a node that dies again
  --break NAME
              ${wrapped(BREAK_NAMES, 110, '              ')}
  --help
`;

/** Words, as many in a line as it holds. */
function wrapped(words: readonly string[], width: number, indent: string): string {
  const lines = words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    return last !== undefined && last.length + 2 + word.length <= width ? [...lines.slice(0, -1), `${last}, ${word}`] : [...lines, word];
  }, []);
  return lines.join(`,\n${indent}`);
}

export function parseSandboxOptions(args: readonly string[]): ParsedSandboxOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        dir: { type: 'string' },
        fleet: { type: 'string' },
        agents: { type: 'string' },
        speed: { type: 'string' },
        restart: { type: 'boolean', default: false },
        break: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: false,
    });
    if (values.help) return { kind: 'help' };
    if (values.dir === '') return problem('--dir: expected a folder');
    const broken = BREAK_NAMES.find((name) => name === values.break) ?? null;
    if (values.break !== undefined && broken === null)
      return problem(`--break: expected one of ${BREAK_NAMES.join(', ')}; got ${values.break}`);
    if (broken !== null && (values.fleet !== undefined || values.json)) return problem('--break: goes with --once and --dir only');
    if (values.json && !values.once && values.fleet === undefined) return problem('--json: only together with --once or --fleet');
    const fleet = readFleet(values);
    if (typeof fleet === 'string') return problem(fleet);
    return { kind: 'options', options: { once: values.once, dir: values.dir ?? null, json: values.json, fleet, broken } };
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
}

interface FleetWords {
  readonly fleet?: string | undefined;
  readonly agents?: string | undefined;
  readonly speed?: string | undefined;
  readonly restart: boolean;
}

/** Null where one node is wanted; a text is what is wrong. */
function readFleet({ fleet, agents, speed, restart }: FleetWords): FleetOptions | null | string {
  if (fleet === undefined) {
    const [alone] = Object.entries({ agents, speed, restart: restart || undefined }).find(([, value]) => value !== undefined) ?? [];
    return alone === undefined ? null : `--${alone}: only together with --fleet`;
  }
  const nodes = wholeNumber(fleet, NODES_MIN, NODES_MAX);
  if (nodes === null) return `--fleet: expected a whole number from ${NODES_MIN} to ${NODES_MAX}, got ${fleet}`;
  const many = wholeNumber(agents ?? String(AGENTS_DEFAULT), 1, AGENTS_MAX);
  if (many === null) return `--agents: expected a whole number from 1 to ${AGENTS_MAX}, got ${agents}`;
  const fast = speed === undefined ? undefined : wholeNumber(speed, 1, SPEED_MAX);
  if (fast === null) return `--speed: expected a whole number from 1 to ${SPEED_MAX}, got ${speed}`;
  return { nodes, agents: many, speed: fast ?? null, restart };
}

function wholeNumber(text: string, min: number, max: number): number | null {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

function problem(words: string): ParsedSandboxOptions {
  return { kind: 'problem', problem: words };
}
