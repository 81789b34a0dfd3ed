// A drain as the far end sees it: one node is emptied, its agents come back through another, and every connection is counted.

import { mkdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Agents } from './agents.ts';
import { FarEnd } from './far-end.ts';
import { askStatus, drainCommand } from './hold-node.ts';
import { allAccept, type NodeRun, type RunningNode, startNode } from './one-node.ts';
import type { Processes } from './processes.ts';
import { Unavailable } from './unavailable.ts';

const CARRIERS = 2;
/** So short that closing is what is measured. */
const SETTLE_S = 3;
/** For the last agents to be back. */
const BACK_WITHIN_MS = 10_000;

export interface DrainRun extends NodeRun {
  readonly rate: number;
  readonly tell: (line: string) => void;
}

/** A line of `pinhole drain --json`. */
export interface DrainLine {
  readonly atMs: number;
  readonly phase: string;
  readonly tunnels: number;
  readonly etaMs: number | null;
  readonly why: string | null;
}

export interface DrainSeen {
  readonly tunnels: number;
  readonly rate: number;
  /** Of the last minute when the drain began: what else the machine had to do. */
  readonly load: number;
  /** That the tunnels of the node were to be opened, and were not. */
  readonly failed: number;
  readonly lines: readonly DrainLine[];
  /** When agents saw their tunnels end, and the far end new connections, in milliseconds of one clock. */
  readonly endedMs: readonly number[];
  readonly cameMs: readonly number[];
  /** How late this process, which counts, was with anything meanwhile: what is nearer together than that may have come further apart. */
  readonly lateMs: number;
  /** Agents that are open again, and what the others were told. */
  readonly back: number;
  readonly failures: readonly string[];
  /** Of the node, when the command had ended. */
  readonly tunnelsLeft: number;
  /** How the command ended, in words. */
  readonly ended: string;
}

export async function drainOnce(run: DrainRun, processes: Processes): Promise<DrainSeen> {
  const farEnd = await FarEnd.start('127.0.0.9');
  const first = await startNode(placed(run, 'first'), [farEnd.at], processes);
  const second = await startNode(placed(run, 'second'), [farEnd.at], processes);
  await Promise.all([allAccept(first), allAccept(second)]);
  const agents = new Agents({
    ...{ target: `${run.serverName}:443`, first: readFileSync(run.helloFile) },
    ...{ port: first.port, nextPort: second.port },
  });
  await agents.open(run.tunnels);
  const opened = (await askStatus(first.configPath)).tunnels;
  run.tell(`${opened} tunnels are open`);
  if (opened === 0) throw new Unavailable(`No tunnel opened: ${agents.failures[0]}`);

  farEnd.cameMs();
  const load = loadavg()[0] ?? 0;
  const late = monitorEventLoopDelay({ resolution: 5 });
  late.enable();
  const { lines, ended } = await follow(run, first, processes);
  const untilMs = performance.now() + BACK_WITHIN_MS;
  while (agents.back < opened && performance.now() < untilMs) await delay(100);
  late.disable();
  const seen: DrainSeen = {
    ...{ tunnels: run.tunnels, rate: run.rate, load, lateMs: late.max / 1e6, failed: run.tunnels - opened, lines, ended },
    ...{ endedMs: agents.endedMs, cameMs: farEnd.cameMs(), back: agents.back, failures: agents.failures },
    tunnelsLeft: (await askStatus(first.configPath)).tunnels,
  };
  agents.stop();
  farEnd.stop();
  return seen;
}

function placed(run: DrainRun, name: string): NodeRun {
  const folder = join(run.folder, name);
  mkdirSync(folder);
  return { ...run, folder, carriers: CARRIERS, drain: `settle: ${SETTLE_S}s, rate: ${run.rate}, stop: 1s` };
}

async function follow({ tell, folder }: DrainRun, { configPath }: RunningNode, processes: Processes) {
  const command = await processes.start(drainCommand(configPath), 'pipe', folder);
  const lines: DrainLine[] = [];
  let saidMs = -Infinity;
  if (!command.child.stdout) throw new Error('the drain has no output');
  for await (const text of createInterface({ input: command.child.stdout })) {
    const { event, phase, tunnels, etaMs, why } = JSON.parse(text) as DrainLine & { readonly event: string };
    if (event !== 'progress') continue;
    const line = { atMs: performance.now(), phase, tunnels, etaMs, why };
    lines.push(line);
    if (line.atMs - saidMs < 5_000) continue;
    saidMs = line.atMs;
    tell(`${phase}: ${tunnels} left, ${etaMs === null ? '?' : (etaMs / 1_000).toFixed(1)} s said`);
  }
  return { lines, ended: await command.ended };
}
