// `npm run bench -- splice`: the bare relay carries the same work by read and write and by splice(2), each way in turn.

import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LoadProgram, type Messages } from './load.ts';
import { Meter } from './meter.ts';
import { freePort } from './ports.ts';
import type { Processes, Started } from './processes.ts';
import { waitUntilReady } from './ready.ts';
import type { WayCosts, WayTurns } from './splice-report.ts';

const ECHO_ADDRESS = '127.0.0.9';
const TUNNELS = 1_000;
const MESSAGES = { count: 200_000, busy: 64 };
const BULK = { tunnels: 8, mib: 128, kib: 256 };

interface Way {
  readonly name: string;
  readonly mover: 'copy' | 'splice';
  /** At once; a pipe is as long. */
  readonly kib: number;
}

const WAYS: readonly Way[] = [
  { name: 'read and write, 64 KiB at once', mover: 'copy', kib: 64 },
  { name: 'read and write, 256 KiB at once', mover: 'copy', kib: 256 },
  { name: 'splice, pipes of 64 KiB', mover: 'splice', kib: 64 },
  { name: 'splice, pipes of 256 KiB', mover: 'splice', kib: 256 },
  { name: 'splice, pipes of 1 MiB', mover: 'splice', kib: 1_024 },
];

export interface SplicePlan {
  readonly folder: string;
  readonly loadProgram: string;
  readonly bareRelay: string;
  readonly helloFile: string;
  readonly rounds: number;
  readonly tell: (line: string) => void;
}

export async function compareWays(plan: SplicePlan, processes: Processes): Promise<WayTurns[]> {
  const ways = WAYS.map(({ name }) => ({ name, turns: [] as WayCosts[] }));
  for (let round = 1; round <= plan.rounds; round += 1)
    for (const [at, way] of WAYS.entries()) {
      const costs = await takeWay(way, plan, processes);
      plan.tell(
        `round ${round}, ${way.name}: ${costs.bulkCpuSeconds.toFixed(2)} s per GiB, ${costs.messageCpuUs.toFixed(2)} us per message`,
      );
      ways[at]?.turns.push(costs);
    }
  return ways;
}

async function takeWay({ mover, kib }: Way, plan: SplicePlan, processes: Processes): Promise<WayCosts> {
  const [echoPort, port] = [await freePort(ECHO_ADDRESS), await freePort('127.0.0.1')];
  const output = join(plan.folder, 'bare-relay.log');
  const echo = await LoadProgram.start(processes, [plan.loadProgram, 'echo', ECHO_ADDRESS, `${echoPort}`]);
  await echo.line();
  const relayCommand = [plan.bareRelay, '127.0.0.1', `${port}`, mover, `${kib * 1_024}`];
  const relay = await processes.start(relayCommand, { file: output }, plan.folder);
  const started: Started[] = [relay, echo.started];
  try {
    await waitUntilReady(relay, port, output);
    const load = await LoadProgram.start(processes, [
      ...[plan.loadProgram, 'tunnels', '127.0.0.1', `${port}`, 'connect'],
      ...[`${ECHO_ADDRESS}:${echoPort}`, plan.helloFile, `${TUNNELS}`],
    ]);
    started.push(load.started);
    return await measureWay(load, relay.pid, echo.started.pid);
  } finally {
    await Promise.all(started.map((program) => processes.stop(program)));
  }
}

async function measureWay(load: LoadProgram, relayPid: number, echoPid: number): Promise<WayCosts> {
  const meter = new Meter(relayPid, [load.started.pid, echoPid]);
  const inherited = pipesOf(relayPid);
  const { opened } = await load.ramp(TUNNELS);
  const perMessage = async (bytes: number): Promise<number> => {
    const { answer, cpu } = await meter.step(() => load.messages({ ...MESSAGES, bytes }));
    insist<Messages>(answer, ({ back, wanted }) => back === wanted);
    return (cpu * 1e6) / answer.back;
  };
  const smallCpuUs = await perMessage(64);
  const messageCpuUs = await perMessage(256);
  const bulk = await meter.step(() => load.bulk(BULK));
  insist(bulk.answer, ({ backMib, wantedMib }) => backMib === wantedMib);
  insist({ opened, alive: await load.alive() }, ({ alive }) => opened === TUNNELS && alive === TUNNELS);
  return { bulkCpuSeconds: (bulk.cpu * 1_024) / bulk.answer.backMib, smallCpuUs, messageCpuUs, pipes: pipesOf(relayPid) - inherited };
}

/** A way that loses work is no way, and its numbers would say nothing. */
function insist<Answer extends object>(answer: Answer, isWhole: (answer: Answer) => boolean): void {
  if (!isWhole(answer)) throw new Error(`the bare relay lost work: ${JSON.stringify(answer)}`);
}

function pipesOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const ends = readdirSync(folder).filter((fd) => readlinkSync(join(folder, fd)).startsWith('pipe:'));
  return ends.length / 2;
}
