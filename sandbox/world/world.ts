// One world: the AWS IoT stand-in in this process, the proxy as a child in front of it. Started in order, ended in the other order.

import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AwsIot, startAwsIot } from '../aws-iot/start.ts';
import type { Child } from './child.ts';
import { renderConfig } from './config-file.ts';
import { noteProxy, releaseLock, takeLock } from './lock.ts';
import { AGENT_MAIN, PINHOLE, type Place, runtimeFolder, showPath, showPinhole } from './place.ts';
import { HOST, pickPorts, type Port, type PortName, USUAL_PORTS } from './ports.ts';
import { ProxyFailed, startProxy } from './proxy.ts';

export interface WorldOptions {
  readonly dir: string;
  /** The ports of the README where they are free; else any. */
  readonly usualPorts: boolean;
  /** The node tries its own doors every few seconds; not where every connection is counted. */
  readonly probe: boolean;
  readonly tell: (line: string) => void;
  /** AWS's clock; this machine's unless given. */
  readonly now?: () => number;
  /** Keys of the node's file besides the usual ones, and an endpoint that nobody serves. */
  readonly config?: string;
  readonly deadEndpoint?: string;
}

export interface World {
  readonly place: Place;
  readonly proxy: Child;
  stop(): Promise<void>;
}

/** The folder is held by another sandbox. */
export class FolderHeld extends Error {}

/** Another program may take a port between our look and the proxy's bind. */
const START_TRIES = 3;

export async function startWorld(options: WorldOptions): Promise<World> {
  const { dir, tell } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(dir);
  if (!lock.ok) throw new FolderHeld(`another sandbox (process ${lock.holder}) runs in ${dir}; end it, or take another folder with --dir`);
  if (lock.leftover !== null) tell(`ended a proxy that an earlier sandbox had left behind (process ${lock.leftover})`);

  const logs = { proxy: join(dir, 'pinhole.log'), aws: join(dir, 'aws-iot.log'), agent: join(dir, 'agent.log') };
  for (const file of Object.values(logs)) writeFileSync(file, '', { mode: 0o600 });
  const awsLog = createWriteStream(logs.aws, { flags: 'a' });
  let aws: AwsIot | null = null;
  const leave = async (): Promise<void> => {
    await aws?.stop();
    awsLog.end();
    rmSync(runtimeFolder(dir), { recursive: true, force: true });
    releaseLock(dir);
  };
  try {
    aws = await startAwsIot({ dir, log: (line) => void awsLog.write(`${line}\n`), host: HOST, ...(options.now && { now: options.now }) });
    const { place, proxy } = await startInFront(options, logs, aws);
    const stop = async (): Promise<void> => {
      await proxy.stop();
      await leave();
    };
    return { place, proxy, stop };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function startInFront(options: WorldOptions, logs: Place['logs'], aws: AwsIot): Promise<{ place: Place; proxy: Child }> {
  const { dir } = options;
  for (let tries = 1; ; tries += 1) {
    const ports = await pickPorts(options.usualPorts ? USUAL_PORTS : null);
    const place: Place = {
      dir,
      config: join(dir, 'pinhole.yaml'),
      runtime: runtimeFolder(dir),
      hosts: join(dir, 'hosts'),
      adminToken: join(dir, 'admin.token'),
      logs,
      ports,
      aws,
      agentMain: AGENT_MAIN,
      pinhole: showPinhole(process.cwd()),
      show: (path) => showPath(path, process.cwd()),
    };
    writeFileSync(place.adminToken, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    writeConfig(place, options);
    writeFileSync(place.hosts, `127.0.0.1 localhost ${aws.data.host} ${aws.credentials.host}\n`);
    try {
      const proxy = await startProxy({
        command: PINHOLE,
        args: ['serve', '-c', place.config],
        logFile: logs.proxy,
        // The door that agents use, and the node's own health address.
        readyUrls: [ports.proxy, ports.health].map((port) => `http://${HOST}:${port.number}/ready`),
        onStarted: (pid) => noteProxy(dir, pid),
      });
      return { place, proxy };
    } catch (error) {
      if (!(error instanceof ProxyFailed && error.isPortTaken) || tries === START_TRIES) throw error;
    }
  }
}

function writeConfig({ config, runtime, ports, aws, adminToken }: Place, { probe, deadEndpoint, config: more }: WorldOptions): void {
  const numbers = Object.fromEntries(Object.entries(ports).map(([name, port]: [string, Port]) => [name, port.number])) as Record<
    PortName,
    number
  >;
  const { data, credentials, files } = aws;
  const text = renderConfig({
    runtime,
    ports: numbers,
    probe,
    deadEndpoint,
    more,
    files: { ...files, adminToken },
    aws: {
      data: { ...data, address: HOST },
      credentials: { ...credentials, address: HOST },
    },
  });
  writeFileSync(config, text, { mode: 0o600 });
}
