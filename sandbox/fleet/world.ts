// The fleet's world: the AWS IoT and the Route 53 stand-in in this process, real nodes and a real `fleet run` as children, agents in this process.
// Started in order, ended in the other order.

import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { startRoute53, type Route53 } from '../route53/start.ts';
import { releaseLock, takeLock } from '../world/lock.ts';
import { ProxyFailed } from '../world/proxy.ts';
import { FolderHeld } from '../world/world.ts';
import { Agents, type Outage } from './agents.ts';
import { awsByDns, awsByGates, type AwsSide } from './aws-side.ts';
import { mustRun } from './command.ts';
import { probeScheduleFor, renderFleetFile, renderNodeFile } from './files.ts';
import { FLEET_NAME, type Layout, layOut, ZONE } from './layout.ts';
import { NameCache } from './name-cache.ts';
import { FleetNode } from './node.ts';
import { Observer } from './observer.ts';
import { Reconciler, type RunLine, tellRun } from './reconciler.ts';
import type { FleetEvent } from './snapshot.ts';

export interface FleetWorldOptions {
  readonly dir: string;
  readonly nodes: number;
  readonly agents: number;
  /** How much faster than ours the clock of checkers, changes and DNS answers runs. */
  readonly speed: number;
  /** The ports of the README where they are free; else any. */
  readonly usualPorts: boolean;
  /** A node that dies is started again. */
  readonly restart: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
  /** Where nodes go to AWS by what a DNS server says: the address of this machine that the stand-in takes. */
  readonly dnsAddress?: string;
  /** Besides ours, for the node of a slot alone. */
  readonly nodeEnv?: (slot: string) => Readonly<Record<string, string>>;
  /** Of the nodes; the sandbox's own unless given. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly publishEveryMs?: number;
  /** Keep what was seen: the game days judge by it. */
  readonly keepSamples?: boolean;
}

export interface FleetWorld {
  readonly layout: Layout;
  readonly aws: AwsSide;
  readonly route53: Route53;
  readonly nodes: ReadonlyMap<string, FleetNode>;
  readonly agents: Agents;
  readonly observer: Observer;
  readonly fleetRun: Reconciler;
  readonly speed: number;
  /** For `pinhole fleet` commands. */
  readonly awsEnv: NodeJS.ProcessEnv;
  /** Since the world began. */
  nowMs(): number;
  events(): readonly FleetEvent[];
  runLines(): readonly (RunLine & { readonly atMs: number })[];
  node(slot: string): FleetNode;
  stop(): Promise<void>;
}

const LIST_DAYS = '30';
/** On the stand-in's clock. Route 53 usually takes up to a minute, and nobody learns anything by waiting for that. */
const PROPAGATION_MS = 5_000;
/** Every fourth agent. */
const BY_NAME_SHARE = 0.25;
const PUBLISH_EVERY_MS = 2_000;

/** Another program may take a port between our look and a node's bind. */
const START_TRIES = 3;

export async function startFleetWorld(options: FleetWorldOptions): Promise<FleetWorld> {
  for (let tries = 1; ; tries += 1) {
    const undo: (() => Promise<void> | void)[] = [];
    const stop = async (): Promise<void> => {
      for (const end of undo.splice(0).toReversed()) await end();
    };
    try {
      return await build(options, undo, stop);
    } catch (error) {
      await stop();
      if (!(error instanceof ProxyFailed && error.isPortTaken) || tries === START_TRIES) throw error;
    }
  }
}

async function build(options: FleetWorldOptions, undo: (() => Promise<void> | void)[], stop: () => Promise<void>): Promise<FleetWorld> {
  const { dir, speed, env, tell } = options;
  const startedMs = performance.now();
  const nowMs = (): number => performance.now() - startedMs;
  const events: FleetEvent[] = [];
  const note = (about: string, words: string): void => void events.push({ seconds: nowMs() / 1_000, about, words });
  const runLines: (RunLine & { readonly atMs: number })[] = [];

  await holdFolder(dir);
  undo.push(() => releaseLock(dir));
  const layout = await layOut(dir, options.nodes, options.usualPorts);
  const token = randomBytes(24).toString('hex');
  writeFileSync(layout.adminToken, `${token}\n`, { mode: 0o600 });

  const aws = await startAws(options, layout);
  undo.push(() => aws.stop());
  const route53 = await startZone(layout, speed, (address, isHealthy) =>
    note('checkers', `${slotAt(layout, address) ?? address} is ${isHealthy ? 'healthy' : 'unhealthy'}`),
  );
  undo.push(() => route53.stop());
  const awsEnv = environmentFor(env, route53);
  writeFiles(options, layout, aws, route53);
  await publishList(layout, env);

  const nodes = new Map<string, FleetNode>();
  for (const slot of layout.slots) {
    const node = new FleetNode({
      ...{ slot, env: { ...env, ...options.nodeEnv?.(slot.id) } },
      onDeath(dead, { how }) {
        note(slot.id, `its node ${how}`);
        if (!options.restart) return;
        tell(`${slot.id} ${how}; it is started again`);
        void dead.start().catch((error: unknown) => note(slot.id, String(error)));
      },
    });
    await node.prepare();
    nodes.set(slot.id, node);
    undo.push(() => node.stop());
  }
  await Promise.all([...[...nodes.values()].map((node) => node.start()), mustRun(['fleet', 'apply', '-c', layout.fleetFile], awsEnv)]);

  const fleetRun = new Reconciler({
    ...{ layout, env: awsEnv },
    onLine(line) {
      runLines.push({ ...line, atMs: nowMs() });
      const words = tellRun(line);
      if (words !== null) note('fleet run', words);
    },
    onDeath: ({ how }) => note('fleet run', how),
  });
  undo.push(() => fleetRun.stop());
  const names = new NameCache({ server: route53.dns, clock: route53.clock });
  const agents = startAgents(options, { layout, aws, names, nowMs, note });
  undo.push(() => agents.stop());
  const observer = new Observer(
    {
      ...{ layout, token, route53, names, nowMs, clock: route53.clock },
      pidOf: (slot) => nodes.get(slot)?.pid ?? null,
      agents: () => agents.views(),
      onState: (slot, before, now, why) => note(slot, `${before} -> ${now}${why === '' ? '' : `: ${why}`}`),
    },
    options.keepSamples ?? false,
  );
  undo.push(() => observer.stop());
  await agents.start();
  await observer.hasSeenAll();
  return {
    ...{ layout, aws, route53, nodes, agents, observer, fleetRun, speed, awsEnv, nowMs, stop },
    events: () => events,
    runLines: () => runLines,
    node: (slot) => nodes.get(slot) ?? fail(`no slot ${slot}`),
  };
}

async function holdFolder(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(dir);
  if (!lock.ok) throw new FolderHeld(`another sandbox (process ${lock.holder}) runs in ${dir}; end it, or take another folder with --dir`);
}

function startAws({ dir, dnsAddress }: FleetWorldOptions, { slots, logs }: Layout): Promise<AwsSide> {
  writeFileSync(logs.aws, '', { mode: 0o600 });
  const file = createWriteStream(logs.aws, { flags: 'a' });
  const log = (line: string): void => void file.write(`${line}\n`);
  return dnsAddress === undefined ? awsByGates({ dir, slots, log }) : awsByDns({ dir, slots, log }, dnsAddress);
}

function startZone({ logs }: Layout, speed: number, onTurn: (address: string, isHealthy: boolean) => void): Promise<Route53> {
  writeFileSync(logs.route53, '', { mode: 0o600 });
  const file = createWriteStream(logs.route53, { flags: 'a' });
  return startRoute53({
    ...{ speed, zones: [ZONE], propagationMs: PROPAGATION_MS },
    log: (line) => void file.write(`${line}\n`),
    onTurn: ({ address, isHealthy }) => onTurn(address, isHealthy),
  });
}

/** Nothing of this machine's own AWS set-up reaches the command. */
function environmentFor(env: NodeJS.ProcessEnv, { url, accessKey }: Route53): NodeJS.ProcessEnv {
  const plain = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
  return { ...plain, ...awsVariables(url, accessKey) };
}

function awsVariables(url: string, { accessKeyId, secretAccessKey }: Route53['accessKey']): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_ROUTE_53: url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function writeFiles(options: FleetWorldOptions, layout: Layout, aws: AwsSide, route53: Route53): void {
  const { speed, tls = { certificate: aws.iot.files.proxyCertificate, key: aws.iot.files.proxyKey } } = options;
  for (const slot of layout.slots) {
    const text = renderNodeFile({
      ...{ layout, slot, tls, way: aws.wayOf(slot), probeSchedule: probeScheduleFor(speed) },
      endpoint: { data: aws.iot.data.host, credentials: aws.credentials, ports: aws.ports, ca: aws.iot.files.ca },
      settleS: Math.max(2, Math.round(120 / speed)),
    });
    writeFileSync(slot.config, text, { mode: 0o600 });
  }
  writeFileSync(layout.fleetFile, renderFleetFile(layout), { mode: 0o600 });
  const lines = Object.entries(awsVariables(route53.url, route53.accessKey)).map(([name, value]) => `export ${name}='${value}'\n`);
  writeFileSync(layout.awsEnv, lines.join(''), { mode: 0o600 });
}

async function publishList(layout: Layout, env: NodeJS.ProcessEnv): Promise<void> {
  const { listKey, list, slots, port } = layout;
  const hasKey = (): boolean => {
    try {
      return readFileSync(`${listKey}.pub`).length > 0 && readFileSync(listKey).length > 0;
    } catch {
      return false;
    }
  };
  if (!hasKey()) await mustRun(['addresses', 'make', '--new-key', listKey], env);
  const entries = slots.flatMap(({ id, address }) => ['--address', `${id}=${address}`]);
  const made = ['--fleet', 'sandbox', '--host', FLEET_NAME, '--port', String(port), '--days', LIST_DAYS, '--key', listKey, '--out', list];
  await mustRun(['addresses', 'make', ...made, ...entries], env);
}

interface AgentsInput {
  readonly layout: Layout;
  readonly aws: AwsSide;
  readonly names: NameCache;
  readonly nowMs: () => number;
  readonly note: (about: string, words: string) => void;
}

function startAgents(options: FleetWorldOptions, { layout, aws, names, nowMs, note }: AgentsInput): Agents {
  const { files, data } = aws.iot;
  const read = (path: string): string => readFileSync(path, 'utf8');
  const ca = read(files.ca);
  return new Agents({
    count: options.agents,
    byName: Math.floor(options.agents * BY_NAME_SHARE),
    proxy: { host: FLEET_NAME, port: layout.port, ca: options.tls === undefined ? ca : read(options.tls.certificate) },
    endpoint: { endpoint: data.host, port: aws.port, ca, cert: read(files.deviceCertificate), key: read(files.deviceKey) },
    list: { file: layout.list, keyFile: `${layout.listKey}.pub` },
    publishEveryMs: options.publishEveryMs ?? PUBLISH_EVERY_MS,
    lookup: (name) => names.lookup(name),
    slotOf: (address) => slotAt(layout, address),
    nowMs,
    onOutageOver: ({ agent, by, lost, over, fromMs, toMs }: Outage) =>
      note('agents', `${agent} (by ${by}) lost ${lost}, back over ${over} after ${Math.round((toMs ?? fromMs) - fromMs)} ms`),
  });
}

function slotAt({ slots }: Layout, address: string): string | null {
  return slots.find((slot) => slot.address === address)?.id ?? null;
}

function fail(why: string): never {
  throw new Error(why);
}
