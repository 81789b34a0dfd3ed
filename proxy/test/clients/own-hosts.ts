// A hosts file of a program's own, by a private mount namespace: how a program that knows no proxy is led to the sni door on one machine.
// On a site its DNS does that.

import { spawnSync } from 'node:child_process';

/** As root; else as a user who is root in a user namespace of its own. */
const WAYS = [['-m'], ['-r', '-m']] as const;
const SCRIPT = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
const TRY_MS = 5_000;

let way: readonly string[] | null = null;

/** Why it cannot be had on this machine, or null. */
export function whyNoOwnHosts(): string | null {
  const whys: string[] = [];
  for (const candidate of WAYS) {
    const tried = spawnSync('unshare', wordsOf(candidate, '/dev/null', ['true']), { encoding: 'utf8', timeout: TRY_MS });
    if (tried.status === 0) {
      way = candidate;
      return null;
    }
    whys.push(`unshare ${candidate.join(' ')}: ${tried.error?.message ?? tried.stderr.trim()}`);
  }
  return `no mount namespace (${whys.join('; ')})`;
}

/** The command that runs a program with `hosts` as its /etc/hosts. */
export function withOwnHosts(hosts: string, program: string, args: readonly string[]): readonly [command: string, args: readonly string[]] {
  if (way === null) throw new Error('ask whyNoOwnHosts first');
  return ['unshare', wordsOf(way, hosts, [program, ...args])];
}

function wordsOf(how: readonly string[], hosts: string, program: readonly string[]): string[] {
  return [...how, '--', 'sh', '-c', SCRIPT, 'sh', hosts, ...program];
}
