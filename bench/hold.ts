// One node's long hold: it starts, tunnels open from several load programs, every one carries a message each minute, and all are counted.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askStatus, nodeConfig, type NodeStatus, serveCommand } from './hold-node.ts';
import { type HoldPlan, shareUpTo } from './hold-plan.ts';
import { type Held, quantile } from './hold-report.ts';
import { LoadProgram, type Ramp } from './load.ts';
import { cpuSeconds, memoryKib } from './measure.ts';
import { freePort } from './ports.ts';
import type { Processes, Started } from './processes.ts';
import { waitUntilReady } from './ready.ts';
import { Unavailable } from './unavailable.ts';

const RAMP_STEPS = 10;
const ROUND_SECONDS = 60;
/** After the last open: long enough for the node to give back what only the opening took. */
const SETTLE_MS = 6_000;
const ALL_ACCEPT_MS = 20_000;

export interface HoldRun extends HoldPlan {
  /** The run's folder. */
  readonly folder: string;
  readonly loadProgram: string;
  readonly helloFile: string;
  readonly serverName: string;
  readonly tunnels: number;
  readonly minutes: number;
  readonly tell: (line: string) => void;
}

interface Node {
  readonly started: Started;
  readonly port: number;
  readonly configPath: string;
}

export async function hold(run: HoldRun, processes: Processes): Promise<Held> {
  const echoes = await Promise.all(run.echoes.map((address) => startEcho(run, address, processes)));
  const node = await startNode(run, echoes, processes);
  const { carriers, capacity } = await allAccept(node);
  if (capacity.tunnels < run.tunnels) throw new Unavailable(`The descriptors of this machine allow a node ${capacity.tunnels} tunnels.`);
  run.tell(`node of ${carriers.length} carriers; ${run.loads.length} load programs, ${echoes.length} echo servers`);
  const settledKib = async (): Promise<number> => {
    await delay(SETTLE_MS);
    return memoryKib(node.started.pid);
  };
  const emptyKib = await settledKib();
  const loads = await Promise.all(run.loads.map((count) => startLoad(run, node, count, processes)));

  const firstHalf = await ramp(run, loads, { after: 0, to: RAMP_STEPS / 2 });
  const halfKib = await settledKib();
  const secondHalf = await ramp(run, loads, { after: RAMP_STEPS / 2, to: RAMP_STEPS });
  const rampedKib = await settledKib();
  const { carriers: filled } = await askStatus(node.configPath);
  const spread = filled.map(({ status }) => status?.tunnels ?? 0);
  run.tell(`tunnels of each carrier: ${spread.join(', ')}`);

  const pings = await holdAll(run, loads, node);
  const alive = sum(await Promise.all(loads.map((load) => load.alive())));
  const endKib = memoryKib(node.started.pid);
  await Promise.all(loads.map((load) => load.close()));
  const opened = firstHalf.opened + secondHalf.opened;
  return {
    tunnels: run.tunnels,
    minutes: run.minutes,
    failed: run.tunnels - opened,
    firstFailure: firstHalf.firstFailure || secondHalf.firstFailure,
    lost: opened - alive,
    rampSeconds: firstHalf.seconds + secondHalf.seconds,
    ...pings,
    emptyMib: emptyKib / 1_024,
    halfMib: halfKib / 1_024,
    rampedMib: rampedKib / 1_024,
    endMib: endKib / 1_024,
    spread,
    relay: filled[0]?.status?.relay ?? 'unknown',
  };
}

/** All loads go up together, a step at a time. */
async function ramp({ loads: counts, tunnels, tell }: HoldRun, loads: readonly LoadProgram[], steps: { after: number; to: number }) {
  const fromMs = performance.now();
  const ramps: Ramp[] = [];
  for (let step = steps.after + 1; step <= steps.to; step++) {
    ramps.push(...(await Promise.all(loads.map((load, at) => load.ramp(shareUpTo(counts[at] ?? 0, step, RAMP_STEPS))))));
    const failed = sum(ramps.map((answer) => answer.failed));
    tell(`up to ${shareUpTo(tunnels, step, RAMP_STEPS)} tunnels${failed === 0 ? '' : `, but ${failed} failed`}`);
  }
  return {
    opened: sum(ramps.map(({ opened }) => opened)),
    seconds: (performance.now() - fromMs) / 1_000,
    firstFailure: ramps.find(({ firstFailure }) => firstFailure !== '')?.firstFailure ?? '',
  };
}

/** A round is a ping on every tunnel, evenly over a minute. */
async function holdAll({ minutes, tell }: HoldRun, loads: readonly LoadProgram[], { started }: Node) {
  const from = { ms: performance.now(), cpu: cpuSeconds(started.pid) };
  const spansUs: number[] = [];
  let pingsSent = 0;
  let pingsAnswered = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const rounds = await Promise.all(loads.map((load) => load.round(ROUND_SECONDS)));
    pingsSent += sum(rounds.map(({ sent }) => sent));
    pingsAnswered += sum(rounds.map(({ back }) => back));
    for (const round of rounds) for (const span of round.spansUs) spansUs.push(span);
    tell(`minute ${minute} of ${minutes}: ${pingsSent} pings sent, ${pingsAnswered} answered`);
  }
  const sorted = Float64Array.from(spansUs).sort();
  return {
    pingsSent,
    pingsAnswered,
    p50Us: quantile(sorted, 0.5),
    p99Us: quantile(sorted, 0.99),
    holdSeconds: (performance.now() - from.ms) / 1_000,
    holdCpuSeconds: cpuSeconds(started.pid) - from.cpu,
  };
}

/** Gives its IP:PORT. */
async function startEcho({ loadProgram }: HoldRun, address: string, processes: Processes): Promise<string> {
  const port = await freePort(address);
  const echo = await LoadProgram.start(processes, [loadProgram, 'echo', address, `${port}`]);
  await echo.line();
  return `${address}:${port}`;
}

async function startNode({ folder, serverName, tunnels }: HoldRun, echoes: readonly string[], processes: Processes): Promise<Node> {
  const [port, health, admin] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')] as const;
  const configPath = join(folder, 'pinhole.yaml');
  writeFileSync(configPath, nodeConfig({ folder, port, health, admin, echoes, serverName, tunnels }));
  const output = join(folder, 'output.log');
  const started = await processes.start(serveCommand(configPath), { file: output }, folder);
  await waitUntilReady(started, port, output);
  return { started, port, configPath };
}

/** A carrier that is late would get less than its share, and the node's memory would not be that of an idle one. */
async function allAccept({ configPath }: Node): Promise<NodeStatus> {
  const untilMs = performance.now() + ALL_ACCEPT_MS;
  for (;;) {
    const status = await askStatus(configPath);
    if (status.carriers.every((carrier) => carrier.status?.accepting)) return status;
    if (performance.now() > untilMs) throw new Error('a carrier of the node accepts nothing');
    await delay(500);
  }
}

function startLoad(run: HoldRun, { port }: Node, count: number, processes: Processes): Promise<LoadProgram> {
  const through = ['127.0.0.1', `${port}`, 'connect', `${run.serverName}:443`];
  return LoadProgram.start(processes, [run.loadProgram, 'tunnels', ...through, run.helloFile, `${count}`]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
