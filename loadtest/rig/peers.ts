// Squid and HAProxy in the place of Pinhole, for the same agents: one process, as Debian packages it, with the settings of the bench
// (docs/performance.md), to the same far ends.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EndpointPlace, NodePlace } from './node-config.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';

export type PeerName = 'squid' | 'haproxy';

export interface PeerPlan {
  readonly place: NodePlace;
  readonly tunnels: number;
  readonly endpoint: Pick<EndpointPlace, 'data' | 'to'>;
}

interface Peer {
  readonly program: string;
  readonly version: readonly [string, ...string[]];
  readonly config: (plan: PeerPlan) => string;
  readonly command: (program: string, config: string) => readonly [string, ...string[]];
}

/** Two descriptors for each tunnel, and some for files and listeners. */
const descriptors = ({ tunnels }: PeerPlan): number => 2 * tunnels + 500;
/** Of its segments of shared memory: one that was killed leaves them, and another one then ends over them. */
const SQUID_NAME = 'pinholeloadtest';
const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);
const unique = (words: readonly string[]): string => [...new Set(words)].join(' ');
/** Of Squid alone: for k6 the endpoint's name leads nowhere (door.ts). Of several addresses in it Squid 5 takes the last one. */
const hostsFile = ({ place }: PeerPlan): string => join(place.folder, 'squid.hosts');

const PEERS: Readonly<Record<PeerName, Peer>> = {
  squid: {
    program: '/usr/sbin/squid',
    version: ['/usr/sbin/squid', '-v'],
    // Its last words are in no file that we read, but for `-d`.
    command: (program, config) => [program, '-N', '-d', '1', '-n', SQUID_NAME, '-f', config],
    config: (plan) => `http_port ${plan.place.address}:${plan.place.ports.agents}
acl target dst ${unique(plan.endpoint.to.map(hostOf))}
acl port port ${unique(plan.endpoint.to.map(portOf))}
acl tunnel method CONNECT
http_access allow tunnel target port
http_access deny all
hosts_file ${hostsFile(plan)}
cache deny all
cache_mem 8 MB
cache_effective_user nobody
max_filedescriptors ${descriptors(plan)}
access_log stdio:${plan.place.folder}/access.log
cache_log ${plan.place.folder}/cache.log
coredump_dir ${plan.place.folder}
pid_filename none
netdb_filename none
pinger_enable off
read_timeout 2 hours
client_lifetime 5 hours
shutdown_lifetime 1 second
`,
  },
  haproxy: {
    program: '/usr/sbin/haproxy',
    version: ['/usr/sbin/haproxy', '-v'],
    command: (program, config) => [program, '-db', '-f', config],
    config: (plan) => `global
  nbthread 1
  maxconn ${plan.tunnels + 100}
  log stdout format raw daemon info
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 5s
  timeout client 2h
  timeout server 2h
listen door
  bind ${plan.place.address}:${plan.place.ports.agents} backlog 4096
  balance roundrobin
${plan.endpoint.to.map((address, index) => `  server far${index} ${address}\n`).join('')}`,
  },
};

const READY_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 100;

/** Null where it is installed; else what to type. */
export function missingPeer(name: PeerName): string | null {
  return existsSync(PEERS[name].program) ? null : `${PEERS[name].program} is not here. On Debian: apt install ${name}`;
}

export function versionOfPeer(name: PeerName): string | null {
  const [program, ...args] = PEERS[name].version;
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return stdout?.split('\n')[0]?.trim() || null;
}

export function renderPeerConfig(name: PeerName, plan: PeerPlan): string {
  return PEERS[name].config(plan);
}

export function renderSquidHosts({ endpoint }: Pick<PeerPlan, 'endpoint'>): string {
  return endpoint.to.map((address) => `${hostOf(address)} ${endpoint.data}\n`).join('');
}

/** Resolves when it accepts. */
export async function startPeer(
  name: PeerName,
  plan: PeerPlan,
  { processes, stop }: { readonly processes: Processes; readonly stop: AbortSignal },
): Promise<Started> {
  const { program, command } = PEERS[name];
  const config = join(plan.place.folder, `${name}.conf`);
  writeFileSync(config, renderPeerConfig(name, plan), { mode: 0o600 });
  if (name === 'squid') {
    writeFileSync(hostsFile(plan), renderSquidHosts(plan), { mode: 0o644 });
    removeSegments();
    if (process.getuid?.() === 0) letNobodyWrite(plan.place.folder);
  }
  const logFile = join(plan.place.folder, `${name}.log`);
  const started = processes.start({ name, command: command(program, config), logFile });
  let how: string | null = null;
  void started.ended.then((ended) => ({ how } = ended));
  for (const giveUpAt = performance.now() + READY_WITHIN_MS; performance.now() < giveUpAt && how === null;) {
    if (await accepts(plan.place)) return started;
    await delay(LOOK_EVERY_MS, undefined, { signal: stop });
  }
  throw new Error(
    `${name} ${wordsOf({ how: how ?? `accepts nothing after ${READY_WITHIN_MS / 1_000} s`, lastLines: started.lastLines() })}`,
  );
}

/** This rig is the only one on the machine (lock.ts), so nobody has them. */
function removeSegments(): void {
  const left = readdirSync(SHARED_MEMORY).filter((file) => file.startsWith(`${SQUID_NAME}-`));
  for (const file of left) rmSync(join(SHARED_MEMORY, file));
}

const SHARED_MEMORY = '/dev/shm';
/** Of every Linux. */
const NOBODY = 65_534;

/** Squid ends rather than run as root, and opens its logs once it is somebody else. The folder is in one that only root may enter. */
function letNobodyWrite(folder: string): void {
  try {
    chownSync(folder, NOBODY, NOBODY);
  } catch (error) {
    throw new Error(`squid does not run as root, and here is nobody else (${(error as Error).message}): run this as the machine's root`, {
      cause: error,
    });
  }
  chmodSync(dirname(folder), 0o711);
}

function accepts({ address, ports }: NodePlace): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: ports.agents });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}
