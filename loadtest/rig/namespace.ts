// A network and a table of mounts of our own, so that nothing of a run leaves the machine, ports are all ours, and a name can lead to the nodes.
// The program replaces itself by itself inside of them: its pid stays, signals reach it, and with its last process both are gone.

import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { needsSmallBuffers } from '../plan.ts';
import type { Scenario } from '../scenario.ts';

export type Isolation =
  | { readonly isIsolated: true; readonly flags: readonly string[] }
  | { readonly isIsolated: false; readonly why: string };

/** Told to the program that is inside: nothing else knows that it is. */
export const INSIDE = 'PINHOLE_LOADTEST_INSIDE';

/** A mount in ours is never seen outside. */
const BASE = ['--net', '--mount', '--propagation', 'private'] as const;

/** As root; else as the root of a user namespace, where the kernel lets a user have one; else not at all. */
export function findIsolation(isRoot: boolean, tryOut: (flags: readonly string[]) => string | null = tryUnshare): Isolation {
  const flags = isRoot ? [...BASE] : ['--user', '--map-root-user', ...BASE];
  const problem = tryOut(flags);
  return problem === null ? { isIsolated: true, flags } : { isIsolated: false, why: problem };
}

/** Null where it works, and a mount can be made in it. */
function tryUnshare(flags: readonly string[]): string | null {
  const tried = spawnSync('unshare', [...flags, 'mount', '--bind', '/etc/hosts', '/etc/hosts'], { encoding: 'utf8', timeout: 10_000 });
  if (tried.error !== undefined)
    return (tried.error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no unshare (util-linux) here' : tried.error.message;
  return tried.status === 0 ? null : tried.stderr.trim().split('\n')[0] || `unshare ended with ${tried.status}`;
}

/** Which network this process is in; its number is used again only after the last process of it. */
export function readNetwork(): string {
  return readlinkSync('/proc/self/ns/net');
}

/** Does not come back. */
export function enter(flags: readonly string[], command: readonly string[], env: NodeJS.ProcessEnv): never {
  const program = spawnSync('sh', ['-c', 'command -v unshare'], { encoding: 'utf8' }).stdout.trim();
  const { execve } = process;
  if (execve === undefined) throw new Error('this Node cannot replace itself (process.execve)');
  return execve.call(process, program, ['unshare', ...flags, ...command], definedOnly(env));
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * What a machine for this purpose has set; each is of the network that we are in (facts: k6's "running large tests", and Phoenix' 4 KiB of
 * buffer for idle connections). The ports that nodes and far ends listen on are below the range or kept out of it.
 */
export const SYSCTLS: Readonly<Record<string, string>> = {
  'net/ipv4/ip_local_port_range': '1024 65535',
  'net/ipv4/ip_local_reserved_ports': '8080,9901',
  'net/core/somaxconn': '8192',
  'net/ipv4/tcp_max_syn_backlog': '8192',
  'net/ipv4/tcp_tw_reuse': '1',
  'net/ipv4/tcp_timestamps': '1',
  'net/ipv4/tcp_fin_timeout': '15',
  'net/ipv4/tcp_rmem': '4096 16384 6291456',
  'net/ipv4/tcp_wmem': '4096 16384 4194304',
};

/**
 * Between a sender and a reader that is silent the kernel keeps 3.3 MiB with the limits above, and 64 KiB with these (measured on loopback,
 * Linux 6.18): so little that what a slow reader asks for is the node's to hold (hostile/slow-reader.ts).
 */
const SMALL_BUFFERS: Readonly<Record<string, string>> = {
  'net/ipv4/tcp_rmem': '4096 16384 65536',
  'net/ipv4/tcp_wmem': '4096 16384 65536',
};

/** Inside: the loopback interface up, the settings made. Gives what did not work, in words; throws where the scenario shows nothing without it. */
export function prepareNetwork(scenario: Pick<Scenario, 'events'>): string[] {
  const up = spawnSync('ip', ['link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (up.status !== 0)
    throw new Error(
      `the loopback interface of the run's network did not come up: ${up.error?.message ?? up.stderr.trim()}. On Debian: apt install iproute2`,
    );
  const needed = needsSmallBuffers(scenario) ? SMALL_BUFFERS : {};
  return Object.entries({ ...SYSCTLS, ...needed }).flatMap(([name, value]) => {
    try {
      writeFileSync(`/proc/sys/${name}`, value);
      return [];
    } catch (error) {
      const why = `${name} stays ${readSysctl(name) ?? 'as it is'}: ${(error as Error).message}`;
      if (name in needed) throw new Error(`${why}; with larger buffers the kernel holds what nodes should`, { cause: error });
      return [why];
    }
  });
}

/** What holds now, whoever set it. */
export function readSysctls(): Record<string, string> {
  return Object.fromEntries(
    Object.keys(SYSCTLS).flatMap((name) => {
      const value = readSysctl(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

function readSysctl(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim().replaceAll('\t', ' ');
  } catch {
    return null;
  }
}

/** First and last local port that a connection may get. */
export function readPortRange(): readonly [number, number] {
  const [first = 32_768, last = 60_999] = (readSysctl('net/ipv4/ip_local_port_range') ?? '').split(' ').filter(Boolean).map(Number);
  return [first, last];
}
