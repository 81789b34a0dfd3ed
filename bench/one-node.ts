// One node of Pinhole with echo servers behind it and load programs before it, as the runs on a single node need it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Certificate } from './certificates.ts';
import { askStatus, nodeConfig, type NodeStatus, serveCommand } from './hold-node.ts';
import { LoadProgram } from './load.ts';
import { freePort } from './ports.ts';
import type { Processes, Started } from './processes.ts';
import { waitUntilReady } from './ready.ts';

const ALL_ACCEPT_MS = 20_000;

export interface NodeRun {
  /** The run's folder. */
  readonly folder: string;
  readonly loadProgram: string;
  readonly helloFile: string;
  readonly serverName: string;
  readonly tunnels: number;
  readonly carriers?: number;
  readonly drain?: string;
}

export interface RunningNode {
  readonly started: Started;
  readonly port: number;
  /** Where it tells its metrics. */
  readonly health: number;
  readonly configPath: string;
}

/** Gives its IP:PORT. */
export async function startEcho({ loadProgram }: NodeRun, address: string, processes: Processes): Promise<string> {
  const port = await freePort(address);
  const echo = await LoadProgram.start(processes, [loadProgram, 'echo', address, `${port}`]);
  await echo.line();
  return `${address}:${port}`;
}

/** With a certificate it has the door `connect-tls` too. */
export async function startNode(
  { folder, serverName, tunnels, carriers, drain }: NodeRun,
  echoes: readonly string[],
  processes: Processes,
  tls: Certificate | null = null,
): Promise<RunningNode> {
  const [port, health, admin] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')] as const;
  const configPath = join(folder, 'pinhole.yaml');
  writeFileSync(configPath, nodeConfig({ folder, port, health, admin, echoes, serverName, tunnels, tls, carriers, drain }));
  const output = join(folder, 'output.log');
  const started = await processes.start(serveCommand(configPath), { file: output }, folder);
  await waitUntilReady(started, port, output);
  return { started, port, health, configPath };
}

/** A carrier that is late would get less than its share, and the node's memory would not be that of an idle one. */
export async function allAccept({ configPath }: RunningNode): Promise<NodeStatus> {
  const untilMs = performance.now() + ALL_ACCEPT_MS;
  for (;;) {
    const status = await askStatus(configPath);
    if (status.carriers.every((carrier) => carrier.status?.accepting)) return status;
    if (performance.now() > untilMs) throw new Error('a carrier of the node accepts nothing');
    await delay(500);
  }
}

/** `ourName` is what the proxy is called over TLS; null is in clear. */
export function startLoad(
  run: NodeRun,
  { port }: RunningNode,
  count: number,
  processes: Processes,
  ourName: string | null = null,
): Promise<LoadProgram> {
  const through = ['127.0.0.1', `${port}`, 'connect', `${run.serverName}:443`];
  const words = [run.loadProgram, 'tunnels', ...through, run.helloFile, `${count}`];
  return LoadProgram.start(processes, ourName === null ? words : [...words, ourName]);
}
