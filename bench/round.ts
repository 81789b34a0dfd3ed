// One contestant's turn: it starts, tunnels open, rest, carry messages and bulk, and close; what it used is read after every step.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Certificates } from './certificates.ts';
import type { Contestant, Place } from './contestant.ts';
import { LoadProgram, type Ramp } from './load.ts';
import { cpuSeconds, memoryKib } from './measure.ts';
import { freePort } from './ports.ts';
import type { Processes } from './processes.ts';
import { waitUntilReady } from './ready.ts';
import type { Measured } from './report.ts';

/** After the last open: long enough for a proxy to give back what only the opening took. */
const SETTLE_MS = 6_000;
const ECHO_ADDRESS = '127.0.0.9';
const CLOSED_LOOP = { count: 200_000, busy: 64 };
const RATE = { perSecond: 2_000, seconds: 10 };
const BULK = { tunnels: 8, mib: 128 };

export interface RoundPlan {
  /** The run's folder. */
  readonly folder: string;
  readonly loadProgram: string;
  readonly helloFile: string;
  readonly serverName: string;
  readonly tunnels: number;
  readonly certificates: Certificates | null;
  readonly tell: (line: string) => void;
}

export async function runRound(contestant: Contestant, plan: RoundPlan, processes: Processes): Promise<Measured> {
  const echoPort = await freePort(ECHO_ADDRESS);
  const identity = contestant.mode === 'upgrade' && plan.certificates ? [plan.certificates.far.certificate, plan.certificates.far.key] : [];
  const echo = await LoadProgram.start(processes, [plan.loadProgram, 'echo', ECHO_ADDRESS, `${echoPort}`, ...identity]);
  await echo.line();
  const place = await makePlace(contestant, plan, echoPort);
  const configPath = join(place.folder, contestant.configFile);
  writeFileSync(configPath, contestant.config(place).trimStart());
  const output = join(place.folder, 'output.log');
  const proxy = await processes.start(contestant.command(configPath), { file: output }, place.folder);
  try {
    await waitUntilReady(proxy, place.port, output);
    return await drive(contestant, plan, place, proxy.pid, processes);
  } finally {
    await Promise.all([processes.stop(proxy), processes.stop(echo.started)]);
  }
}

async function drive(contestant: Contestant, plan: RoundPlan, place: Place, pid: number, processes: Processes): Promise<Measured> {
  const { tell } = plan;
  const load = await LoadProgram.start(processes, [
    ...[plan.loadProgram, 'tunnels', '127.0.0.1', `${place.port}`, contestant.mode],
    ...[contestant.target(place), plan.helloFile, `${plan.tunnels}`, ...(contestant.ourName === null ? [] : [contestant.ourName])],
  ]);
  const counted = async <Answer>(step: () => Promise<Answer>): Promise<{ answer: Answer; cpu: number }> => {
    const before = cpuSeconds(pid);
    const answer = await step();
    return { answer, cpu: cpuSeconds(pid) - before };
  };
  try {
    const emptyKib = memoryKib(pid);
    const halfway = Math.ceil(plan.tunnels / 2);
    const ramps: (Ramp & { readonly cpu: number })[] = [];
    const kib: number[] = [];
    for (const upTo of [halfway, plan.tunnels]) {
      const { answer, cpu } = await counted(() => load.ramp(upTo));
      tell(`${answer.opened} tunnels in ${answer.seconds.toFixed(1)} s, ${answer.failed} failed`);
      await delay(SETTLE_MS);
      ramps.push({ ...answer, cpu });
      kib.push(memoryKib(pid));
    }
    const [halfKib = 0, idleKib = 0] = kib;
    const sum = (of: (ramp: Ramp & { readonly cpu: number }) => number): number => ramps.reduce((total, ramp) => total + of(ramp), 0);
    const opened = sum((ramp) => ramp.opened);
    const loop = await counted(() => load.messages(CLOSED_LOOP));
    tell(`${loop.answer.back} messages there and back`);
    const rate = await load.rate(RATE);
    tell(`at ${RATE.perSecond} messages/s: p50 ${rate.p50Us} us, p99 ${rate.p99Us} us`);
    const bulk = await counted(() => load.bulk(BULK));
    tell(`${bulk.answer.backMib.toFixed(0)} MiB there and back`);
    const alive = await load.alive();
    await load.close();
    return {
      name: contestant.name,
      mode: contestant.mode,
      tunnels: plan.tunnels,
      failed: sum((ramp) => ramp.failed),
      firstFailure: ramps.at(-1)?.firstFailure ?? '',
      died: opened - alive,
      lostMessages: loop.answer.wanted - loop.answer.back + rate.wanted - rate.back,
      lostMib: bulk.answer.wantedMib - bulk.answer.backMib,
      emptyMib: emptyKib / 1_024,
      openP50Ms: ramps.at(-1)?.p50Ms ?? 0,
      openP99Ms: ramps.at(-1)?.p99Ms ?? 0,
      costs: {
        // By the second half alone: what a process frees or takes once, whatever it holds, is in both readings.
        idleKib: (idleKib - halfKib) / (plan.tunnels - halfway),
        idleMib: idleKib / 1_024,
        openCpuUs: (sum((ramp) => ramp.cpu) * 1e6) / opened,
        messageCpuUs: (loop.cpu * 1e6) / loop.answer.back,
        rateP50Us: rate.p50Us,
        rateP99Us: rate.p99Us,
        bulkCpuSeconds: (bulk.cpu * 1024) / bulk.answer.backMib,
      },
    };
  } finally {
    await processes.stop(load.started);
  }
}

async function makePlace({ name, ourName }: Contestant, plan: RoundPlan, echoPort: number): Promise<Place> {
  const folder = join(plan.folder, name.replaceAll(' ', '-'));
  mkdirSync(folder);
  // Started by root, some give their rights away and still write here.
  chmodSync(folder, 0o777);
  const port = await freePort('127.0.0.1');
  const spare = [await freePort('127.0.0.1'), await freePort('127.0.0.1')] as const;
  const { serverName, tunnels } = plan;
  const certificates = ourName === null ? null : plan.certificates;
  return { folder, port, spare, echo: { address: ECHO_ADDRESS, port: echoPort }, serverName, tunnels, certificates };
}
