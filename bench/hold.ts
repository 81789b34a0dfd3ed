// One node's long hold: it starts, tunnels open from several load programs, every one carries a message each minute, and all are counted.

import { setTimeout as delay } from 'node:timers/promises';
import { askStatus } from './hold-node.ts';
import { type HoldPlan, shareUpTo } from './hold-plan.ts';
import { type Held, quantile } from './hold-report.ts';
import type { LoadProgram, Ramp } from './load.ts';
import { cpuSeconds, memoryKib } from './measure.ts';
import { allAccept, type NodeRun, type RunningNode, startEcho, startLoad, startNode } from './one-node.ts';
import type { Processes } from './processes.ts';
import { scrapeOften } from './scrape.ts';
import { Unavailable } from './unavailable.ts';

const RAMP_STEPS = 10;
const ROUND_SECONDS = 60;
/** After the last open: long enough for the node to give back what only the opening took. */
const SETTLE_MS = 6_000;

export interface HoldRun extends HoldPlan, NodeRun {
  readonly opensPerSecond: number;
  readonly minutes: number;
  readonly tell: (line: string) => void;
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

  const { spansMs, bytes } = await scrapeOften(node.health);
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
    metrics: { p50Ms: quantile(spansMs, 0.5), mostMs: spansMs.at(-1) ?? 0, bytes },
    relay: filled[0]?.status?.relay ?? 'unknown',
  };
}

/** All loads go up together, a step at a time, and share the pace. */
async function ramp(
  { loads: counts, tunnels, opensPerSecond, tell }: HoldRun,
  loads: readonly LoadProgram[],
  steps: { after: number; to: number },
) {
  const fromMs = performance.now();
  const pace = Math.max(1, Math.round(opensPerSecond / loads.length));
  const ramps: Ramp[] = [];
  for (let step = steps.after + 1; step <= steps.to; step++) {
    ramps.push(...(await Promise.all(loads.map((load, at) => load.ramp(shareUpTo(counts[at] ?? 0, step, RAMP_STEPS), pace)))));
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
async function holdAll({ minutes, tell }: HoldRun, loads: readonly LoadProgram[], { started }: RunningNode) {
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
