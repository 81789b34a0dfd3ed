// A network of its own for a test file: the file re-executes itself inside a private network namespace, so that addresses that belong to
// others (an upstream's, a metadata service's) can stand on `lo`, and nothing can leave this machine whatever goes wrong.

import { spawnSync } from 'node:child_process';

/** `inside` false: no namespace can be had here, and why. */
export type Place = { readonly inside: true; readonly hasIpv6: boolean } | { readonly inside: false; readonly why: string };

/** In CIDR form: what is put on `lo`, and what is routed there though nobody has it, so that packets to it are lost. */
export interface Addresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly routes: readonly string[];
}

const MARK = 'PINHOLE_TEST_NAMESPACE';
const WAIT_MS = 10_000;
/** As root; else as a user who is root in a user namespace of its own. */
const WAYS = [['-n'], ['-r', '-n']] as const;

/** Does not return where a namespace can be had: this process then begins again inside it, with the same arguments. */
export function enterNamespace(addresses: Addresses): Place {
  if (process.env[MARK] === '1') return furnish(addresses);
  const whys: string[] = [];
  for (const way of WAYS) {
    const why = whyNot(way);
    if (why !== null) whys.push(`unshare ${way.join(' ')}: ${why}`);
    else begin(way);
  }
  return { inside: false, why: whys.join('; ') };
}

function begin(way: readonly string[]): never {
  const again = ['env', 'unshare', ...way, '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  if (!process.execve) throw new Error('this Node has no process.execve');
  return process.execve('/usr/bin/env', again, { ...(process.env as Record<string, string>), [MARK]: '1' });
}

/** Tries what will be needed: a namespace whose `lo` can be brought up. */
function whyNot(way: readonly string[]): string | null {
  const tried = spawnSync('unshare', [...way, '--', 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8', timeout: WAIT_MS });
  if (tried.error) return tried.error.message;
  if (tried.status === 0) return null;
  const said = tried.stderr.trim();
  return /exec.*ip|ip:.*not found|failed to execute ip/i.test(said) ? 'ip is missing (package iproute2)' : said || `exit ${tried.status}`;
}

function furnish({ ipv4, ipv6, routes }: Addresses): Place {
  const added = [...ipv4.map((address) => `addr add ${address} dev lo`), ...routes.map((range) => `route add ${range} dev lo`)];
  const why = ip(['link set lo up', ...added]);
  if (why !== null) return { inside: false, why };
  return { inside: true, hasIpv6: ip(ipv6.map((address) => `addr add ${address} dev lo nodad`)) === null };
}

function ip(commands: readonly string[]): string | null {
  const done = spawnSync('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, encoding: 'utf8', timeout: WAIT_MS });
  if (done.error) return done.error.message;
  return done.status === 0 ? null : `ip: ${done.stderr.trim()}`;
}
