// What agents see while somebody else presses the node: a tenant's storm of reconnects, a stranger's silent connections, a stranger's refused requests.
// Each is taken beside a quiet turn of the same length, in alternation, since a shared machine is another one a minute later.

import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadProgram, Messages, Ramp } from './load.ts';
import { cpuSeconds, memoryKib } from './measure.ts';
import { allAccept, startEcho, startLoad } from './one-node.ts';
import { type Asked, type Held, PressProgram } from './press.ts';
import { buildPress } from './programs.ts';
import type { Processes } from './processes.ts';
import { type PressedNode, startPressedNode } from './pressed-node.ts';

export const CARRIERS = 2;
/** Where the three come from: load.c's own addresses are those of the good one. */
const SOURCES = { good: '127.0.1.0/24', storm: '127.0.2.0/24', stormFirst: '127.0.2.1', stranger: '127.0.3.1' } as const;
/** What the tenant that storms may open; the rest is refused. All other limits are as they are without a word. */
const STORM_OPENS_PER_SECOND = 20;
const TENANTS = `tenants:
  - { id: good, sources: [${SOURCES.good}] }
  - { id: storm, sources: [${SOURCES.storm}], limits: { opensPerSecond: ${STORM_OPENS_PER_SECOND} } }`;

export const PRESSES = ['storm', 'silent', 'refused'] as const;
export type Press = (typeof PRESSES)[number];

/** From how many addresses each comes: a tenant's agents are many; a stranger is one. */
export const CROWDS: Readonly<Record<Press, number>> = { storm: 250, silent: 1, refused: 1 };

export interface StormRun {
  readonly folder: string;
  readonly loadProgram: string;
  readonly helloFile: string;
  readonly serverName: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Refused opens a second of the one tenant, silent connections, and refused requests a second, of one stranger each. */
  readonly sizes: Readonly<Record<Press, number>>;
  /** Of the good agents, and messages a second on tunnels that are open. */
  readonly opensPerSecond: number;
  readonly messagesPerSecond: number;
  readonly tell: (line: string) => void;
}

/** What good agents saw, and what it cost the node. */
export interface Turn {
  readonly opens: Ramp;
  readonly messages: Messages;
  readonly cpuS: number;
  readonly seconds: number;
  readonly logBytes: number;
  readonly memoryKib: number;
  readonly asked: Asked | null;
  readonly held: Held | null;
}

export interface Round {
  readonly quiet: Turn;
  readonly pressed: Turn;
}

export interface StormSeen {
  readonly rounds: Readonly<Record<Press, readonly Round[]>>;
  /** CPU of the node by itself, for the same time as a turn. */
  readonly idleCpuS: number;
}

/** Tunnels that talk all the time. */
const TALKING = 200;
/** For what a turn leaves behind: lingering connections, a second's count of refusals. */
const BREATH_MS = 2_000;

export async function storm(run: StormRun, processes: Processes): Promise<StormSeen> {
  const program = buildPress(run.folder);
  const echo = await startEcho({ ...run, tunnels: TALKING }, '127.0.0.9', processes);
  const node = await startPressedNode({ ...run, echo, carriers: CARRIERS, tenants: TENANTS, limits: 'tunnels: 20000' }, processes);
  await allAccept(node);
  const place: Place = { run, node, processes, program, talking: await startLoad({ ...run, tunnels: TALKING }, node, TALKING, processes) };
  const opened = await place.talking.ramp(TALKING);
  if (opened.failed > 0) throw new Error(`${opened.failed} tunnels did not open: ${opened.firstFailure}`);
  // The first opens are the compiler's.
  await turn(place, null);
  const before = cpuSeconds(node.started.pid);
  await delay(run.seconds * 1_000);
  const idleCpuS = cpuSeconds(node.started.pid) - before;

  const rounds: Record<Press, Round[]> = { storm: [], silent: [], refused: [] };
  for (let round = 0; round < run.rounds; round += 1)
    for (const press of PRESSES) {
      const quiet = await turn(place, null);
      const pressed = await turn(place, press);
      rounds[press].push({ quiet, pressed });
      run.tell(`${press} ${round + 1}: opens p99 ${quiet.opens.p99Ms.toFixed(1)} ms, then ${pressed.opens.p99Ms.toFixed(1)} ms`);
    }
  return { rounds, idleCpuS };
}

interface Place {
  readonly run: StormRun;
  readonly node: PressedNode;
  readonly processes: Processes;
  readonly program: string;
  readonly talking: LoadProgram;
}

async function turn(place: Place, press: Press | null): Promise<Turn> {
  const { run, node, processes, talking } = place;
  const { seconds, opensPerSecond, messagesPerSecond } = run;
  const count = opensPerSecond * seconds;
  const opening = await startLoad({ ...run, tunnels: count }, node, count, processes);
  const crowd = press === null ? null : await crowdOf(place, press);
  const held = crowd !== null && press === 'silent' ? await crowd.hold(run.sizes.silent) : null;
  const [cpuBefore, logBefore, startedMs] = [cpuSeconds(node.started.pid), sizeOf(node.records), performance.now()];
  const [opens, messages, asked] = await Promise.all([
    opening.ramp(count, opensPerSecond),
    talking.rate({ perSecond: messagesPerSecond, seconds }),
    crowd !== null && press !== null && press !== 'silent' ? crowd.ask(run.sizes[press], seconds) : null,
  ]);
  const cpuS = cpuSeconds(node.started.pid) - cpuBefore;
  const took = (performance.now() - startedMs) / 1_000;
  const memory = memoryKib(node.started.pid);
  await opening.close();
  for (const program of [opening, crowd]) if (program !== null) await processes.stop(program.started);
  await delay(BREATH_MS);
  return { opens, messages, cpuS, seconds: took, logBytes: sizeOf(node.records) - logBefore, memoryKib: memory, asked, held };
}

/** Its requests are refused: the tenant's because it has no more opens, the stranger's because it is none. */
function crowdOf({ run, node, processes, program }: Place, press: Press): Promise<PressProgram> {
  const requestFile = join(run.folder, 'request');
  writeFileSync(requestFile, `CONNECT ${run.serverName}:443 HTTP/1.1\r\nHost: ${run.serverName}:443\r\n\r\n`);
  const from = press === 'storm' ? SOURCES.stormFirst : SOURCES.stranger;
  return PressProgram.start(processes, { program, port: node.port, from, sources: CROWDS[press], requestFile });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
