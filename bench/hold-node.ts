// The node that holds the tunnels: its configuration, and what `pinhole status` says of it.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificates.ts';

const run = promisify(execFile);
const PINHOLE = join(import.meta.dirname, '..', 'pinhole');

export interface NodePlace {
  readonly folder: string;
  readonly port: number;
  readonly health: number;
  readonly admin: number;
  /** IP:PORT of every echo server. */
  readonly echoes: readonly string[];
  readonly serverName: string;
  readonly tunnels: number;
  readonly tls: Certificate | null;
  /** As many as the machine has cores, unless given. */
  readonly carriers?: number | undefined;
  /** Keys of `drain`. */
  readonly drain?: string | undefined;
}

/** What the run reads of the JSON of `pinhole status`. */
export interface NodeStatus {
  readonly tunnels: number;
  readonly capacity: { readonly tunnels: number };
  readonly carriers: readonly {
    readonly generation: number;
    readonly restarts: number;
    readonly status: { readonly accepting: boolean; readonly tunnels: number; readonly relay: string } | null;
  }[];
}

/** As an operator would run it, with every check on; only the limits of rates are out of the way, for all tunnels open at once. */
export function nodeConfig({ folder, port, health, admin, echoes, serverName, tunnels, tls, ...more }: NodePlace): string {
  const [doors, files] = tls ? ['connect, connect-tls', `tls: { certificate: ${tls.certificate}, key: ${tls.key} }\n`] : ['connect', ''];
  return `runtime: ${folder}/run
carriers: ${more.carriers ?? 'auto'}
relay: auto
listen:
  - { address: "127.0.0.1:${port}", doors: [${doors}] }
${files}endpoints:
  - { name: bench, data: ${serverName}, ports: [443] }
resolve:
  pin:
    - { host: ${serverName}, port: 443, to: [${echoes.map((echo) => `"${echo}"`).join(', ')}] }
limits:
  tunnels: ${roomFor(tunnels)}
  opensPerSecond: 100000
  perSource: { pending: 10000, refusalsPerSecond: 10000 }
drain: { ${more.drain ?? 'stop: 1s'} }
probe: off
health: { address: "127.0.0.1:${health}" }
admin: { address: "127.0.0.1:${admin}" }
log: { level: info, file: ${folder}/records.log }
`;
}

/** A tenth more than there will be: the kernel deals connections to carriers by chance, and the fullest must still have room. */
function roomFor(tunnels: number): number {
  return tunnels + Math.ceil(tunnels / 10);
}

export function serveCommand(configPath: string): string[] {
  return [PINHOLE, 'serve', '-c', configPath];
}

export function drainCommand(configPath: string): string[] {
  return [PINHOLE, 'drain', '-c', configPath, '--json'];
}

export async function askStatus(configPath: string): Promise<NodeStatus> {
  const { stdout } = await run(PINHOLE, ['status', '-c', configPath, '--json']);
  return JSON.parse(stdout) as NodeStatus;
}

/** What the run reads of the JSON of `pinhole upgrade`. */
export interface Upgraded {
  readonly outcome: string;
  readonly generation: number;
  readonly tookMs: number;
  readonly why: string | null;
  /** In the generation that accepts, and in those before it. */
  readonly tunnels: { readonly current: number; readonly held: number } | null;
}

/** To this very tree: a new generation, of the same code. */
export async function upgrade(configPath: string): Promise<Upgraded> {
  // Where it is refused it says so on standard output too, with another exit code.
  const { stdout } = await run(PINHOLE, ['upgrade', '-c', configPath, '--json']).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }));
  return JSON.parse(stdout) as Upgraded;
}
