// `npm run bench`: measures Pinhole beside other proxies, holds many tunnels on one node, upgrades it under load, drains it, presses it, or
// compares ways to relay. The only file of the bench that prints, catches signals and ends the process.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, machine, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import type { Contestant } from './contestant.ts';
import { BARE_RELAY } from './bare-relay.ts';
import { drainOnce } from './drain.ts';
import { DRAIN_USAGE, type DrainOptions, parseDrainOptions } from './drain-options.ts';
import { brokenIn, etasOf, mostInOneSecond, renderDrain } from './drain-report.ts';
import { catchClientHello } from './hello.ts';
import { hold } from './hold.ts';
import { HOLD_USAGE, type HoldOptions, parseHoldOptions } from './hold-options.ts';
import { planHold } from './hold-plan.ts';
import { flawsOf, renderHeld, renderHeldJson } from './hold-report.ts';
import { descriptorsMax } from './measure.ts';
import { missingOf } from './needs.ts';
import { type BenchOptions, parseBenchOptions, usage } from './options.ts';
import type { Parsed } from './parsed.ts';
import { PEERS } from './peers.ts';
import { PINHOLES } from './pinhole.ts';
import { buildBareRelay, buildLoad } from './programs.ts';
import { Processes } from './processes.ts';
import { isSound, renderJson, renderMarkdown, type Result } from './report.ts';
import { runRound } from './round.ts';
import { compareWays } from './splice.ts';
import { parseSpliceOptions, SPLICE_USAGE, type SpliceOptions } from './splice-options.ts';
import { renderWays } from './splice-report.ts';
import { CARRIERS as STORM_CARRIERS, storm } from './storm.ts';
import { parseStormOptions, STORM_USAGE, type StormOptions } from './storm-options.ts';
import { flawsOf as flawsOfStorm, renderStorm } from './storm-report.ts';
import { compareTenants } from './tenants.ts';
import { parseTenantsOptions, TENANTS_USAGE, type TenantsOptions } from './tenants-options.ts';
import { flawsOf as flawsOfTenants, renderTenants } from './tenants-report.ts';
import { Unavailable } from './unavailable.ts';
import { upgradeInARow } from './upgrade.ts';
import { parseUpgradeOptions, UPGRADE_USAGE, type UpgradeOptions } from './upgrade-options.ts';
import { lossesOf, renderUpgrades } from './upgrade-report.ts';

const EXIT = { ok: 0, unsound: 1, usage: 64, unavailable: 69, interrupted: 130 } as const;
const ALL: readonly Contestant[] = [...PINHOLES, BARE_RELAY, ...PEERS];
/** Made up, and of the form that AWS gives an endpoint. */
const SERVER_NAME = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
/** What good agents do in a second while a node is pressed: far below what it can, so that what they see is the press. */
const GOOD_OPENS = 100;
const GOOD_MESSAGES = 200;
/** Beside two for each tunnel: what a proxy, Node above all, has open by itself. */
const OTHER_DESCRIPTORS = 600;

/** What every run gets: a folder of its own that goes with it, its programs, and a way to say how it goes on. */
interface Workshop {
  readonly folder: string;
  readonly loadProgram: string;
  readonly helloFile: string;
  readonly processes: Processes;
  readonly tell: (line: string) => void;
}

function main(args: readonly string[]): Promise<number> | number {
  const [word, ...rest] = args;
  switch (word) {
    case 'hold':
      return command(rest, parseHoldOptions, HOLD_USAGE, holdMany);
    case 'upgrade':
      return command(rest, parseUpgradeOptions, UPGRADE_USAGE, upgradeOften);
    case 'drain':
      return command(rest, parseDrainOptions, DRAIN_USAGE, drainNode);
    case 'storm':
      return command(rest, parseStormOptions, STORM_USAGE, pressNode);
    case 'tenants':
      return command(rest, parseTenantsOptions, TENANTS_USAGE, decideAmongMany);
    case 'splice':
      return command(rest, parseSpliceOptions, SPLICE_USAGE, compareRelays);
    default:
      return compare(args);
  }
}

function command<Options>(
  args: readonly string[],
  parse: (args: readonly string[]) => Parsed<Options>,
  words: string,
  run: (options: Options, workshop: Workshop) => Promise<number>,
): Promise<number> | number {
  const parsed = parse(args);
  return parsed.kind === 'run' ? inWorkshop((workshop) => run(parsed.options, workshop)) : explain(parsed, words);
}

function compare(args: readonly string[]): Promise<number> | number {
  const parsed = parseBenchOptions(args, ALL);
  if (parsed.kind !== 'run') return explain(parsed, usage(ALL));
  const needed = 2 * parsed.options.tunnels + OTHER_DESCRIPTORS;
  if (descriptorsMax() < needed)
    return unavailable(`This needs ${needed} open files for a process (ulimit -Hn); fewer --tunnels need fewer.`);
  return inWorkshop((workshop) => compareAll(parsed.options, workshop));
}

function explain(parsed: { readonly kind: 'help' } | { readonly kind: 'problem'; readonly problem: string }, words: string): number {
  if (parsed.kind === 'help') console.log(words);
  else console.error(`${parsed.problem}\n\n${words}`);
  return parsed.kind === 'help' ? EXIT.ok : EXIT.usage;
}

function unavailable(why: string): number {
  console.error(why);
  return EXIT.unavailable;
}

async function inWorkshop(work: (workshop: Workshop) => Promise<number>): Promise<number> {
  if (process.platform !== 'linux') return unavailable('This needs Linux.');
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-bench-'));
  chmodSync(folder, 0o755);
  const processes = new Processes();
  endWithUs(processes, folder);
  try {
    const loadProgram = buildLoad(folder);
    const helloFile = join(folder, 'hello');
    writeFileSync(helloFile, await catchClientHello(SERVER_NAME));
    return await work({ folder, loadProgram, helloFile, processes, tell: (line) => console.error(`  ${line}`) });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return unavailable(error.message);
  } finally {
    await processes.stopAll();
  }
}

async function holdMany({ tunnels, opensPerSecond, minutes, json }: HoldOptions, { processes, ...workshop }: Workshop): Promise<number> {
  const plan = planHold(tunnels, descriptorsMax());
  if (plan === null) return unavailable('A process may have too few open files here (ulimit -Hn).');
  console.error(`hold: ${tunnels} tunnels for ${minutes} min`);
  const held = await hold({ ...workshop, ...plan, serverName: SERVER_NAME, tunnels, opensPerSecond, minutes }, processes);
  const about = `${held.spread.length} carriers, relay ${held.relay}; ${machineWords()}.`;
  console.log(`${about}\n\n${renderHeld(held)}`);
  if (json !== null) writeFileSync(json, renderHeldJson(thisMachine(), held));
  const flaws = flawsOf(held);
  for (const flaw of flaws) console.error(flaw);
  return flaws.length === 0 ? EXIT.ok : EXIT.unsound;
}

async function upgradeOften({ json, ...options }: UpgradeOptions, { processes, ...workshop }: Workshop): Promise<number> {
  console.error(`upgrade: ${options.upgrades} in a row, ${options.tunnels} tunnels, ${options.opensPerSecond} opens a second`);
  const certificate = options.secureTunnels > 0 ? makeCertificates(workshop.folder, SERVER_NAME).ours : null;
  const seen = await upgradeInARow({ ...workshop, ...options, serverName: SERVER_NAME, certificate }, processes);
  console.log(`relay ${seen.relay}; ${machineWords()}.\n\n${renderUpgrades(seen)}`);
  if (json !== null) writeFileSync(json, `${JSON.stringify({ ...thisMachine(), ...seen, losses: lossesOf(seen) }, null, 2)}\n`);
  const losses = lossesOf(seen);
  for (const loss of losses) console.error(loss);
  return losses.length === 0 ? EXIT.ok : EXIT.unsound;
}

async function pressNode({ json, ...options }: StormOptions, { processes, ...workshop }: Workshop): Promise<number> {
  console.error(`storm: ${options.rounds} rounds of ${options.seconds} s`);
  const run = { ...workshop, ...options, serverName: SERVER_NAME, opensPerSecond: GOOD_OPENS, messagesPerSecond: GOOD_MESSAGES };
  const seen = await storm(run, processes);
  console.log(`${machineWords()}.\n\n${renderStorm(seen)}`);
  if (json !== null) writeFileSync(json, `${JSON.stringify({ ...thisMachine(), ...options, ...seen }, null, 2)}\n`);
  const flaws = flawsOfStorm(seen, STORM_CARRIERS);
  for (const flaw of flaws) console.error(flaw);
  return flaws.length === 0 ? EXIT.ok : EXIT.unsound;
}

async function decideAmongMany({ json, ...options }: TenantsOptions, { processes, ...workshop }: Workshop): Promise<number> {
  console.error(`tenants: 1 and ${options.tenants}, ${options.rounds} rounds of ${options.seconds} s each`);
  const seen = await compareTenants({ ...workshop, ...options, serverName: SERVER_NAME }, processes);
  console.log(`${machineWords()}.\n\n${renderTenants(seen)}`);
  if (json !== null) writeFileSync(json, `${JSON.stringify({ ...thisMachine(), ...options, ...seen }, null, 2)}\n`);
  const flaws = flawsOfTenants(seen);
  for (const flaw of flaws) console.error(flaw);
  return flaws.length === 0 ? EXIT.ok : EXIT.unsound;
}

async function drainNode({ tunnels, rate, json }: DrainOptions, { processes, ...workshop }: Workshop): Promise<number> {
  // Both ends of every tunnel are in this very process.
  if (descriptorsMax() < 2 * tunnels + OTHER_DESCRIPTORS) return unavailable('A process may have too few open files here (ulimit -Hn).');
  console.error(`drain: ${tunnels} tunnels at ${rate} a second`);
  const seen = await drainOnce({ ...workshop, serverName: SERVER_NAME, tunnels, rate }, processes);
  console.log(`${machineWords()}.\n\n${renderDrain(seen)}`);
  const broken = brokenIn(seen);
  if (json !== null) {
    const judged = { mostInOneSecond: mostInOneSecond(seen.cameMs), etas: etasOf(seen), broken };
    writeFileSync(json, `${JSON.stringify({ ...thisMachine(), ...judged, ...seen }, null, 2)}\n`);
  }
  for (const promise of broken) console.error(promise);
  return broken.length === 0 ? EXIT.ok : EXIT.unsound;
}

async function compareRelays({ rounds, json }: SpliceOptions, { processes, ...workshop }: Workshop): Promise<number> {
  const ways = await compareWays({ ...workshop, bareRelay: buildBareRelay(workshop.folder), rounds }, processes);
  console.log(`${rounds} rounds; ${machineWords()}.\n\n${renderWays(ways)}`);
  if (json !== null) writeFileSync(json, `${JSON.stringify({ ...thisMachine(), rounds, ways }, null, 2)}\n`);
  return EXIT.ok;
}

async function compareAll({ contestants, tunnels, json, markdown }: BenchOptions, workshop: Workshop): Promise<number> {
  const { processes, tell } = workshop;
  const present = contestants.filter((contestant) => isPresent(contestant));
  const certificates = present.some(({ ourName }) => ourName !== null) ? makeCertificates(workshop.folder, SERVER_NAME) : null;
  const plan = { ...workshop, bareRelay: buildBareRelay(workshop.folder), serverName: SERVER_NAME, tunnels, certificates };
  const results: Result[] = [];
  for (const [at, contestant] of present.entries()) {
    console.error(`${contestant.name} (${at + 1} of ${present.length})`);
    try {
      results.push(await runRound(contestant, plan, processes));
    } catch (error) {
      tell((error as Error).message);
      results.push({ name: contestant.name, problem: (error as Error).message });
    }
  }

  const run = { tunnels, ...thisMachine(), versions: versionsOf(present) };
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const about = `${[`${tunnels} tunnels`, machineWords(), ...(versions.length > 0 ? [versions.join(', ')] : [])].join('; ')}.`;
  const text = `${about}\n\n${renderMarkdown(results)}`;
  console.log(text);
  if (markdown !== null) writeFileSync(markdown, text);
  if (json !== null) writeFileSync(json, renderJson(run, results));
  for (const { name, needs } of contestants)
    if (!present.some((contestant) => contestant.name === name)) console.error(`LEFT OUT: ${name}; ${needs?.how}`);
  return isSound(results) ? EXIT.ok : EXIT.unsound;
}

function thisMachine() {
  return { cores: availableParallelism(), kernel: release(), machine: machine(), node: process.version };
}

function machineWords(): string {
  const { cores, kernel, machine, node } = thisMachine();
  return `${cores} cores, Linux ${kernel} ${machine}, Node ${node}`;
}

function isPresent({ name, needs }: Contestant): boolean {
  const missing = missingOf(needs, process.env.PATH ?? '');
  if (missing.length === 0) return true;
  console.error(`LEFT OUT: ${name}, since ${missing.join(' and ')} is not here; ${needs?.how}`);
  return false;
}

/** By program: the entries of Pinhole are one. */
function versionsOf(contestants: readonly Contestant[]): Record<string, string> {
  const versions = contestants.flatMap(({ name, version }) => {
    if (version === null) return [];
    const [program = '', ...args] = version;
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    return [[name.split(' ')[0], /\d+\.\d+[\w.+~-]*/.exec(`${stdout}${stderr}`)?.[0] ?? /version (\S+)/i.exec(stdout)?.[1] ?? 'unknown']];
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
