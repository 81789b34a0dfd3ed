// `npm run bench`: measures Pinhole beside other proxies. The only file of the bench that prints, catches signals and ends the process.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, machine, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contestant } from './contestant.ts';
import { catchClientHello } from './hello.ts';
import { buildLoad, NoCompiler } from './load.ts';
import { descriptorsMax } from './measure.ts';
import { type BenchOptions, parseBenchOptions, usage } from './options.ts';
import { PEERS } from './peers.ts';
import { PINHOLES } from './pinhole.ts';
import { Processes } from './processes.ts';
import { isSound, renderJson, renderMarkdown, type Result } from './report.ts';
import { runRound } from './round.ts';

const EXIT = { ok: 0, unsound: 1, usage: 64, unavailable: 69, interrupted: 130 } as const;
const ALL: readonly Contestant[] = [...PINHOLES, ...PEERS];
/** Made up, and of the form that AWS gives an endpoint. */
const SERVER_NAME = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
/** Beside two for each tunnel: what a proxy, Node above all, has open by itself. */
const OTHER_DESCRIPTORS = 600;

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseBenchOptions(args, ALL);
  if (parsed.kind === 'help') {
    console.log(usage(ALL));
    return EXIT.ok;
  }
  if (parsed.kind === 'problem') {
    console.error(`${parsed.problem}\n\n${usage(ALL)}`);
    return EXIT.usage;
  }
  const needed = 2 * parsed.options.tunnels + OTHER_DESCRIPTORS;
  if (process.platform !== 'linux' || descriptorsMax() < needed) {
    console.error(`This needs Linux and ${needed} open files for a process (ulimit -Hn); fewer --tunnels need fewer.`);
    return EXIT.unavailable;
  }
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-bench-'));
  chmodSync(folder, 0o755);
  const processes = new Processes();
  endWithUs(processes, folder);
  try {
    return await runAll(parsed.options, folder, processes);
  } catch (error) {
    if (!(error instanceof NoCompiler)) throw error;
    console.error(error.message);
    return EXIT.unavailable;
  } finally {
    await processes.stopAll();
  }
}

async function runAll({ contestants, tunnels, json, markdown }: BenchOptions, folder: string, processes: Processes): Promise<number> {
  const loadProgram = buildLoad(folder);
  const helloFile = join(folder, 'hello');
  writeFileSync(helloFile, await catchClientHello(SERVER_NAME));

  const present = contestants.filter((contestant) => isPresent(contestant));
  const results: Result[] = [];
  for (const [at, contestant] of present.entries()) {
    console.error(`${contestant.name} (${at + 1} of ${present.length})`);
    const tell = (line: string): void => console.error(`  ${line}`);
    try {
      results.push(await runRound(contestant, { folder, loadProgram, helloFile, serverName: SERVER_NAME, tunnels, tell }, processes));
    } catch (error) {
      tell((error as Error).message);
      results.push({ name: contestant.name, problem: (error as Error).message });
    }
  }

  const run = {
    tunnels,
    cores: availableParallelism(),
    kernel: release(),
    machine: machine(),
    node: process.version,
    versions: versionsOf(present),
  };
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const about = `${tunnels} tunnels; ${run.cores} cores, Linux ${run.kernel} ${run.machine}, Node ${run.node}; ${versions.join(', ')}.`;
  const text = `${about}\n\n${renderMarkdown(results)}`;
  console.log(text);
  if (markdown !== null) writeFileSync(markdown, text);
  if (json !== null) writeFileSync(json, renderJson(run, results));
  for (const { name, needs } of contestants)
    if (!present.some((contestant) => contestant.name === name)) console.error(`LEFT OUT: ${name}; apt install ${needs?.packages}`);
  return isSound(results) ? EXIT.ok : EXIT.unsound;
}

function isPresent({ name, needs }: Contestant): boolean {
  const missing = needs?.files.filter((file) => !existsSync(file)) ?? [];
  if (missing.length === 0) return true;
  console.error(`LEFT OUT: ${name}, since ${missing.join(' and ')} is not here. On Debian: apt install ${needs?.packages}`);
  return false;
}

/** By program: the entries of Pinhole are one. */
function versionsOf(contestants: readonly Contestant[]): Record<string, string> {
  const versions = contestants.map(({ name, version: [program = '', ...args] }) => {
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    return [name.split(' ')[0], /\d+\.\d+[\w.+~-]*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'];
  });
  return Object.fromEntries(versions) as Record<string, string>;
}

/** A Ctrl-C reaches us twice, from the terminal and from `npm run`: only the first starts the end. */
function endWithUs(processes: Processes, folder: string): void {
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    console.error('\nEnding what was started ...');
    await processes.stopAll();
    process.exit(EXIT.interrupted);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => void end());
  process.on('exit', () => {
    processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });
}

process.exitCode = await main(process.argv.slice(2));
