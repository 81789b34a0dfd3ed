// The command line of the load rig: text to options, or what is wrong with it.

import { parseArgs } from 'node:util';
import type { Sizes } from './resize.ts';
import { SCENARIOS } from './scenarios.ts';

export interface RunOptions extends Sizes {
  readonly scenario: string;
  /** Null: a folder of its own under `.loadtest`. */
  readonly report: string | null;
  /** A file that names a real fleet; null: nodes of our own on this machine. */
  readonly target: string | null;
  readonly hasManifest: boolean;
  readonly quota: number | null;
  readonly isJson: boolean;
}

export type ParsedOptions =
  | { readonly kind: 'run'; readonly options: RunOptions }
  | { readonly kind: 'list'; readonly isJson: boolean }
  /** Commands with flags and a --help of their own. */
  | { readonly kind: 'compare' | 'card'; readonly args: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly problem: string };

const TUNNELS_MAX = 1_000_000;
/** Addresses 127.0.0.11 and up, and as many as an answer of Route 53 holds (docs/fleet.md). */
export const NODES_MAX = 8;
const MINUTES_MAX = 7 * 24 * 60;
const QUOTA_MAX = 100_000;

export const USAGE = `usage: ./pinhole loadtest SCENARIO [--tunnels N] [--nodes M] [--minutes T] [--report DIR] [--json]
       ./pinhole loadtest SCENARIO --target FILE [--i-have-quota N] [--manifest]
       ./pinhole loadtest list [--json]
       ./pinhole loadtest compare REPORT REPORT
       ./pinhole loadtest card REPORT ...

Holds tunnels with k6 through nodes on this machine, in a network of their own, and writes a report. Nothing leaves the machine, and
everything that was started is ended. With --target the same agents go through a real fleet instead.

  --tunnels N       so many agents, 1 to ${TUNNELS_MAX}; each scenario has its own number
  --nodes M         so many nodes of Pinhole, 1 to ${NODES_MAX}
  --minutes T       how long after the last agent is up; may be a fraction
  --report DIR      folder for the report, .loadtest/SCENARIO-TIME unless given; an earlier one in it is set aside
  --json            one JSON object at the end, and nothing else on standard output
  --target FILE     a YAML file that names the fleet, the endpoint and this machine's share: docs/loadtest.md
  --i-have-quota N  where the endpoint is AWS's: the CONNECTs a second that AWS gives you; no more are tried, retries included
  --manifest        prints the k6-operator manifest for that target, and runs nothing
  --help            this text

\`list\` shows the scenarios, \`compare\` two reports side by side, \`card\` makes the capacity card of reports; both have a --help of their own.

Exit codes: 0 pass, 1 fail, 2 not a valid run, 64 wrong command line or an impossible size, 69 something is missing here, 130 Ctrl-C.
`;

const WORDS = ['list', 'compare', 'card'] as const;

export function parseLoadtestOptions(args: readonly string[]): ParsedOptions {
  const [first, ...rest] = args;
  if (first === 'compare' || first === 'card') return { kind: first, args: rest };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        tunnels: { type: 'string' },
        nodes: { type: 'string' },
        minutes: { type: 'string' },
        report: { type: 'string' },
        target: { type: 'string' },
        'i-have-quota': { type: 'string' },
        manifest: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
      allowPositionals: true,
    });
    if (values.help) return { kind: 'help' };
    const [word, ...others] = positionals;
    if (word === undefined) return problem('which scenario? `./pinhole loadtest list` shows them');
    const isJson = values.json;
    if (word !== 'list') return readRun(word, others, values);
    const flags = Object.entries(values).filter(([flag, value]) => flag !== 'json' && value !== false);
    const more = [...others, ...flags.map(([flag]) => `--${flag}`)];
    return more.length > 0 ? problem(`list takes nothing but --json, got ${more.join(' ')}`) : { kind: 'list', isJson };
  } catch (error) {
    // Node's own words go on for lines, with advice for others; the first says what is wrong.
    return problem((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
  }
}

interface RunWords {
  readonly tunnels?: string | undefined;
  readonly nodes?: string | undefined;
  readonly minutes?: string | undefined;
  readonly report?: string | undefined;
  readonly target?: string | undefined;
  readonly 'i-have-quota'?: string | undefined;
  readonly manifest: boolean;
  readonly json: boolean;
}

function readRun(name: string, others: readonly string[], words: RunWords): ParsedOptions {
  if (others.length > 0) return problem(`one scenario at a time, got ${[name, ...others].join(' ')}`);
  if (SCENARIOS.every((scenario) => scenario.name !== name))
    return problem(
      `no scenario is called ${name}; there are ${SCENARIOS.map((scenario) => scenario.name).join(', ')}, and the words ${WORDS.join(', ')}`,
    );
  const tunnels = whole('--tunnels', words.tunnels, TUNNELS_MAX);
  const nodes = whole('--nodes', words.nodes, NODES_MAX);
  const quota = whole('--i-have-quota', words['i-have-quota'], QUOTA_MAX);
  const minutes = positive('--minutes', words.minutes, MINUTES_MAX);
  const wrong = [tunnels, nodes, quota, minutes].find((value) => typeof value === 'string');
  if (typeof wrong === 'string') return problem(wrong);
  if (words.report === '') return problem('--report: expected a folder');
  const target = words.target ?? null;
  if (target === '') return problem('--target: expected a file');
  if (words.manifest && words.json) return problem('--manifest: it is YAML, and --json has no part in it');
  if (target === null && words.manifest) return problem('--manifest: only together with --target');
  if (target === null && quota !== null) return problem('--i-have-quota: only together with --target');
  if (target !== null && nodes !== null) return problem('--nodes: the target has its own');
  const numbers = { tunnels, nodes, quota, minutes } as Sizes & { quota: number | null };
  return {
    kind: 'run',
    options: { scenario: name, ...numbers, report: words.report ?? null, target, hasManifest: words.manifest, isJson: words.json },
  };
}

/** Null where it is not given; a text is what is wrong. */
function whole(flag: string, text: string | undefined, max: number): number | null | string {
  if (text === undefined) return null;
  const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
  return value >= 1 && value <= max ? value : `${flag}: expected a whole number from 1 to ${max}, got ‘${text}’`;
}

function positive(flag: string, text: string | undefined, max: number): number | null | string {
  if (text === undefined) return null;
  const value = /^[0-9]{1,5}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return value > 0 && value <= max ? value : `${flag}: expected a number from 0.001 to ${max}, with three places at most, got ‘${text}’`;
}

function problem(words: string): ParsedOptions {
  return { kind: 'problem', problem: words };
}
