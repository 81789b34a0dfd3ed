// A network of a test's own: the usual ports are free there whatever else runs on this machine, and nothing in it reaches the outside.

import { spawnSync } from 'node:child_process';

/** As root; else as a user who is root in a user namespace of its own. */
const WAYS = [
  { make: ['-n'], enter: ['-n'] },
  { make: ['-r', '-n'], enter: ['-U', '--preserve-credentials', '-n'] },
] as const;
const UP = 'ip link set lo up && exec "$@"';
const TRY_MS = 5_000;

let way: (typeof WAYS)[number] | null = null;

/** Why it cannot be had on this machine, or null. */
export function whyNoOwnNetwork(): string | null {
  const whys: string[] = [];
  for (const candidate of WAYS) {
    const tried = spawnSync('unshare', [...candidate.make, 'sh', '-c', UP, 'sh', 'nsenter', '--version'], {
      encoding: 'utf8',
      timeout: TRY_MS,
    });
    if (tried.status === 0) {
      way = candidate;
      return null;
    }
    whys.push(`unshare ${candidate.make.join(' ')}: ${tried.error?.message ?? tried.stderr.trim()}`);
  }
  return `no network namespace (${whys.join('; ')}; Debian packages iproute2 and util-linux)`;
}

type Command = readonly [command: string, args: readonly string[]];

/** The command that runs a program in a new network; the program keeps the process id that the command got. */
export function inNewNetwork(program: string, args: readonly string[]): Command {
  return ['unshare', [...found().make, 'sh', '-c', UP, 'sh', program, ...args]];
}

/** The command that runs a program in the network of a process. */
export function inNetworkOf(pid: number, program: string, args: readonly string[]): Command {
  return ['nsenter', ['-t', String(pid), ...found().enter, program, ...args]];
}

function found(): (typeof WAYS)[number] {
  if (way === null) throw new Error('ask whyNoOwnNetwork first');
  return way;
}
