// One contestant's turn, from its start to its end: a far end, the proxy, and the load in front of it.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import type { Contestant, Place } from './contestant.ts';
import { LoadProgram } from './load.ts';
import { freePort } from './ports.ts';
import type { Processes } from './processes.ts';
import { waitUntilReady } from './ready.ts';
import type { Measured } from './report.ts';
import { sumUp } from './sum-up.ts';
import { takeTurn } from './turn.ts';

const ECHO_ADDRESS = '127.0.0.9';

export interface RoundPlan {
  /** The run's folder. */
  readonly folder: string;
  /** Paths of programs. */
  readonly loadProgram: string;
  readonly bareRelay: string;
  readonly helloFile: string;
  readonly serverName: string;
  readonly tunnels: number;
  /** Null where no contestant speaks TLS. */
  readonly certificates: Certificates | null;
  readonly tell: (line: string) => void;
}

export async function runRound(contestant: Contestant, plan: RoundPlan, processes: Processes): Promise<Measured> {
  const place = await makePlace(contestant, plan);
  const echo = await LoadProgram.start(processes, echoCommand(contestant, plan, place));
  await echo.line();
  if (contestant.config !== null) writeFileSync(place.configPath, contestant.config.text(place).trimStart());
  const output = join(place.folder, 'output.log');
  const proxy = await processes.start(contestant.command(place), { file: output }, place.folder);
  try {
    await waitUntilReady(proxy, place.port, output);
    const load = await LoadProgram.start(processes, loadCommand(contestant, plan, place));
    try {
      const turn = await takeTurn({ ...plan, proxyPid: proxy.pid, echoPid: echo.started.pid, load });
      return { name: contestant.name, mode: contestant.mode, ...sumUp(turn) };
    } finally {
      await processes.stop(load.started);
    }
  } finally {
    await Promise.all([processes.stop(proxy), processes.stop(echo.started)]);
  }
}

/** A gateway's far end speaks TLS, as AWS does. */
function echoCommand({ mode }: Contestant, { loadProgram }: RoundPlan, { echo, certificates }: Place): string[] {
  const identity = mode === 'upgrade' && certificates !== null ? [certificates.far.certificate, certificates.far.key] : [];
  return [loadProgram, 'echo', echo.address, `${echo.port}`, ...identity];
}

function loadCommand({ mode, target, ourName }: Contestant, { loadProgram, helloFile, tunnels }: RoundPlan, place: Place): string[] {
  const name = ourName === null ? [] : [ourName];
  return [loadProgram, 'tunnels', '127.0.0.1', `${place.port}`, mode, target(place), helloFile, `${tunnels}`, ...name];
}

async function makePlace({ name, ourName, config }: Contestant, plan: RoundPlan): Promise<Place> {
  const folder = join(plan.folder, name.replaceAll(' ', '-'));
  mkdirSync(folder);
  // Started by root, some give their rights away and still write here.
  chmodSync(folder, 0o777);
  const { serverName, tunnels, bareRelay } = plan;
  return {
    folder,
    configPath: join(folder, config?.file ?? ''),
    bareRelay,
    port: await freePort('127.0.0.1'),
    spare: [await freePort('127.0.0.1'), await freePort('127.0.0.1')],
    echo: { address: ECHO_ADDRESS, port: await freePort(ECHO_ADDRESS) },
    serverName,
    tunnels,
    certificates: ourName === null ? null : plan.certificates,
  };
}
