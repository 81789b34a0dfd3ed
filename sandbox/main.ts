// `npm start` and `./pinhole sandbox`: a whole world on this machine. The only file of the sandbox that prints and catches signals.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runBroken } from './breaks/command.ts';
import { proveFleet, renderStep } from './fleet/once.ts';
import { showFleet } from './fleet/run.ts';
import { type FleetWorld, startFleetWorld } from './fleet/world.ts';
import { allowedCases } from './once/allowed.ts';
import { drive } from './once/case.ts';
import { refusedCases } from './once/refused.ts';
import { renderHeader, renderJson, renderOutcome, renderTotal } from './once/table.ts';
import { type FleetOptions, parseSandboxOptions, type SandboxOptions, USAGE } from './options.ts';
import type { Child, Ended } from './world/child.ts';
import { startDevice } from './world/device.ts';
import { DEFAULT_DIR, showPath } from './world/place.ts';
import { ProxyFailed } from './world/proxy.ts';
import { renderSummary } from './world/summary.ts';
import { FolderHeld, startWorld, type World } from './world/world.ts';

const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69 } as const;

/** Ctrl-C, and what else ends a program kindly: a terminal that closes, a service manager. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm and a shell may deliver one Ctrl-C twice; a second one that comes later is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

const seconds = (sinceMs: number): number => (performance.now() - sinceMs) / 1_000;
const tell = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseSandboxOptions(args);
  if (parsed.kind === 'help') {
    console.log(USAGE);
    return EXIT.ok;
  }
  if (parsed.kind === 'problem') {
    console.error(`${parsed.problem}\n\n${USAGE}`);
    return EXIT.usage;
  }
  const { once, dir, json, fleet, broken } = parsed.options;
  try {
    if (fleet !== null) return await (once ? proveFleetOnce(parsed.options, fleet) : runFleetWorld(parsed.options, fleet));
    if (broken !== null)
      return await runBroken(broken, { dir, once, print: (text) => console.log(text), tell, env: process.env, signal: catchSignals() });
    return await (once ? runOnce(dir, json) : runWorld(dir ?? DEFAULT_DIR));
  } catch (error) {
    return explain(error);
  }
}

/** Until a signal, or until the proxy ends by itself. */
async function runWorld(folder: string): Promise<number> {
  const startedMs = performance.now();
  const signal = catchSignals();
  console.log('Starting the AWS IoT stand-in and the proxy ...');
  const world = await startWorld({ dir: resolve(folder), usualPorts: true, probe: true, tell });
  const device = startDevice(world.place, tell);
  let isEnding = false;
  void device.ended.then((ended) => !isEnding && report(ended, 'The sandbox goes on without it.'));
  console.log(renderSummary(world.place, seconds(startedMs)));

  const died = await Promise.race([world.proxy.ended, signal.then(() => null)]);
  isEnding = true;
  if (died) report(died, `Its whole log: ${showPath(world.place.logs.proxy, process.cwd())}`);
  else console.log('\nEnding what was started ...');
  await endAll(device, world);
  if (!died) console.log('Everything has ended.');
  return died ? EXIT.failed : EXIT.ok;
}

/** In a folder and on ports of its own, so that it runs beside a sandbox. */
async function runOnce(folder: string | null, json: boolean): Promise<number> {
  const startedMs = performance.now();
  const signal = catchSignals();
  const dir = folder === null ? await mkdtemp(join(tmpdir(), 'pinhole-once-')) : resolve(folder);
  let isKept = folder !== null;
  const world = await startWorld({ dir, usualPorts: false, probe: false, tell: json ? () => {} : tell });
  if (!json) console.log(`A world is up in ${seconds(startedMs).toFixed(1)} s; driving every door once.\n\n${renderHeader()}`);
  try {
    const cases = [...allowedCases(world.place), ...refusedCases(world.place)];
    const stop = new AbortController();
    const driving = drive(cases, (outcome) => !json && console.log(renderOutcome(outcome)), stop.signal);
    const outcomes = await Promise.race([driving, signal.then(() => stop.abort())]);
    if (!outcomes) return EXIT.failed;
    console.log(json ? renderJson(outcomes, seconds(startedMs)) : `\n${renderTotal(outcomes, seconds(startedMs))}`);
    const isFine = outcomes.every((outcome) => outcome.ok);
    isKept ||= !isFine;
    return isFine ? EXIT.ok : EXIT.failed;
  } finally {
    await world.stop();
    if (!isKept) await rm(dir, { recursive: true, force: true });
    else if (!json) console.log(`Logs and configuration are in ${dir}`);
  }
}

const FLEET_DIR = join(DEFAULT_DIR, 'fleet');
/** A proof that waits for Route 53's real times would take minutes. */
const ONCE_SPEED = 10;

function startFleet(
  dir: string,
  { speed, ...fleet }: FleetOptions,
  rest: { speed: number; isOnce: boolean; isQuiet: boolean },
): Promise<FleetWorld> {
  return startFleetWorld({
    ...{ dir: resolve(dir), ...fleet, speed: speed ?? rest.speed, usualPorts: !rest.isOnce, env: process.env },
    tell: rest.isQuiet ? () => {} : tell,
  });
}

/** Until a signal. Nodes may die meanwhile: that is what it is for. */
async function runFleetWorld({ dir, json }: SandboxOptions, fleet: FleetOptions): Promise<number> {
  const signal = catchSignals();
  if (!json) console.log(`Starting ${fleet.nodes} nodes, the stand-ins of AWS IoT and Route 53, and ${fleet.agents} agents ...`);
  let isSignalled = false;
  void signal.then(() => (isSignalled = true));
  let world: FleetWorld;
  try {
    world = await startFleet(dir ?? FLEET_DIR, fleet, { speed: 1, isOnce: false, isQuiet: true });
  } catch (error) {
    // Ctrl-C reaches the commands of the start too; what was up has been ended.
    if (!isSignalled) throw error;
    return EXIT.ok;
  }
  const screen = {
    write: (text: string) => void process.stdout.write(text),
    size: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : null),
  };
  const view = showFleet(world, json ? 'json' : process.stdout.isTTY ? 'frames' : 'lines', screen, process.cwd());
  await signal;
  view.stop();
  if (!json) console.log('\nEnding what was started ...');
  await world.stop();
  if (!json) console.log('Everything has ended.');
  return EXIT.ok;
}

async function proveFleetOnce({ dir: folder, json }: SandboxOptions, fleet: FleetOptions): Promise<number> {
  const startedMs = performance.now();
  const stop = new AbortController();
  void catchSignals().then(() => stop.abort());
  const dir = folder === null ? await mkdtemp(join(tmpdir(), 'pinhole-fleet-')) : resolve(folder);
  const world = await startFleet(dir, fleet, { speed: ONCE_SPEED, isOnce: true, isQuiet: json });
  let isFine = false;
  try {
    if (!json) console.log(`A fleet of ${fleet.nodes} is up in ${seconds(startedMs).toFixed(1)} s.\n`);
    const steps = await proveFleet(world, (step) => !json && console.log(renderStep(step)), stop.signal);
    isFine = !stop.signal.aborted && steps.every(({ ok }) => ok);
    const tookS = Math.round(seconds(startedMs) * 10) / 10;
    console.log(json ? JSON.stringify({ ok: isFine, seconds: tookS, steps }) : `\n${isFine ? 'The fleet holds' : 'FAILED'}: ${tookS} s`);
    return isFine ? EXIT.ok : EXIT.failed;
  } finally {
    await world.stop();
    if (folder === null && isFine) await rm(dir, { recursive: true, force: true });
    else if (!json) console.log(`Logs and configuration are in ${dir}`);
  }
}

async function endAll(device: Child, world: World): Promise<void> {
  await device.stop();
  await world.stop();
}

/** Resolves at the first signal; a second one, later, ends at once. */
function catchSignals(): Promise<void> {
  return new Promise((first) => {
    let firstAtMs: number | null = null;
    const heard = (): void => {
      if (firstAtMs === null) {
        firstAtMs = performance.now();
        first();
      } else if (performance.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT.failed);
    };
    for (const name of SIGNALS) process.on(name, heard);
    // A reader that left (`| head`) ends the sandbox like a terminal that closes; without a listener it would end without order.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => first());
  });
}

function report({ name, how, lastLines }: Ended, next: string): void {
  console.error(`\n${name} ${how}. Its last lines:\n\n${lastLines.map((line) => `  ${line}`).join('\n')}\n\n${next}`);
}

function explain(error: unknown): number {
  if (error instanceof ProxyFailed) {
    console.error(`\n${error.message}.`);
    for (const line of error.lastLines) console.error(`  ${line}`);
    return EXIT.unavailable;
  }
  if (error instanceof FolderHeld) {
    console.error(error.message);
    return EXIT.unavailable;
  }
  console.error(error);
  return EXIT.failed;
}

process.exitCode = await main(process.argv.slice(2));
