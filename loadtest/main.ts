// `./pinhole loadtest`: the load rig. The only file of it that prints, reads the environment and catches signals.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findK6 } from './k6-binary.ts';
import { parseLoadtestOptions, type RunOptions, USAGE } from './options.ts';
import { planRun, type RigPlan } from './plan.ts';
import type { Outcome } from './report/parts.ts';
import { writeReport } from './report/write.ts';
import { resize } from './resize.ts';
import { loadNow, readHonesty, readMachine } from './rig/honesty.ts';
import { endLeftover, noteLock, releaseLock, takeLock } from './rig/lock.ts';
import { Names } from './rig/names.ts';
import { enter, findIsolation, INSIDE, type Isolation, prepareNetwork, readPortRange } from './rig/namespace.ts';
import { missingPeer } from './rig/peers.ts';
import { Processes } from './rig/processes.ts';
import { Progress } from './rig/progress.ts';
import { keepRecord } from './rig/record-file.ts';
import { runScenario } from './rig/run.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenario.ts';

const EXIT = { pass: 0, fail: 1, 'not a valid run': 2, usage: 64, missing: 69, interrupted: 130 } as const;
const REPORTS = '.loadtest';
/** npm and a shell may deliver one Ctrl-C twice; a second one that comes later is meant. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

/** What was found out before the program went into its own network: there it could not be found any more. */
interface Inside {
  readonly k6: string;
  readonly isIsolated: boolean;
  readonly why: string | null;
  readonly loadBefore: number;
}

const stop = new AbortController();

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseLoadtestOptions(args);
  const output = { out: (text: string) => console.log(text), err: (text: string) => console.error(text) };
  switch (parsed.kind) {
    case 'help':
      console.log(USAGE);
      return EXIT.pass;
    case 'problem':
      console.error(`pinhole loadtest: ${parsed.problem}`);
      return EXIT.usage;
    case 'list':
      console.log(parsed.isJson ? JSON.stringify(SCENARIOS) : renderList());
      return EXIT.pass;
    case 'compare':
      return (await import('./report/compare.ts')).compare(parsed.args, output);
    case 'card':
      return (await import('./card/main.ts')).card(parsed.args, output);
    case 'run':
      return await start(parsed.options, args);
    default:
      return parsed satisfies never;
  }
}

async function start(options: RunOptions, args: readonly string[]): Promise<number> {
  const found = findScenario(options.scenario);
  const scenario = found === null ? `no scenario is called ${options.scenario}` : resize(found, options);
  if (typeof scenario === 'string') return complain(scenario, EXIT.usage);
  const inside = process.env[INSIDE];
  if (inside !== undefined) return await perform(scenario, options, JSON.parse(inside) as Inside);

  const missing = scenario.through === 'squid' || scenario.through === 'haproxy' ? missingPeer(scenario.through) : null;
  if (missing !== null) return complain(missing, EXIT.missing);
  const isolation = findIsolation(process.getuid?.() === 0);
  const planned = plan(scenario, isolation.isIsolated);
  if (typeof planned === 'string') return complain(planned, EXIT.usage);
  const lock = takeLock();
  if (!lock.ok) return complain(lock.why, EXIT.missing);
  try {
    if (lock.leftover !== null && endLeftover(lock.leftover) > 0) console.error('ended what a load test that was killed had left behind');
    return await goOn(scenario, options, args, isolation);
  } finally {
    releaseLock();
  }
}

/** Where it can, the program replaces itself by itself in a network of its own; then nothing behind `enter` runs. */
async function goOn(scenario: Scenario, options: RunOptions, args: readonly string[], isolation: Isolation): Promise<number> {
  let k6: string;
  try {
    k6 = (await findK6({ env: process.env, progress: (line) => console.error(line), signal: stop.signal })).path;
  } catch (error) {
    return stop.signal.aborted ? EXIT.interrupted : complain((error as Error).message, EXIT.missing);
  }
  if (stop.signal.aborted) return EXIT.interrupted;
  const inside: Inside = { k6, isIsolated: isolation.isIsolated, why: isolation.isIsolated ? null : isolation.why, loadBefore: loadNow() };
  if (!isolation.isIsolated) return await perform(scenario, options, inside);
  const [, program = ''] = process.argv;
  return enter(isolation.flags, [process.execPath, ...process.execArgv, program, ...args], {
    ...process.env,
    [INSIDE]: JSON.stringify(inside),
  });
}

function plan(scenario: Scenario, isIsolated: boolean): RigPlan | string {
  const planned = planRun(scenario, readMachine(isIsolated, isIsolated ? [1_024, 65_535] : readPortRange()));
  return planned.ok ? planned.plan : planned.refusals.join('\n');
}

async function perform(scenario: Scenario, options: RunOptions, inside: Inside): Promise<number> {
  const { isIsolated } = inside;
  const planned = plan(scenario, isIsolated);
  if (typeof planned === 'string') return complain(planned, EXIT.usage);
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-loadtest-'));
  const processes = new Processes();
  let groups: readonly number[] = [];
  process.on('exit', () => endAtOnce(processes, groups));
  const note = (now: readonly number[]): void => noteLock({ folder, groups: (groups = now) });
  note([]);
  const columns = process.stdout.isTTY ? process.stdout.columns : null;
  const stream = options.isJson ? process.stderr : process.stdout;
  const progress = new Progress({ write: (text) => void stream.write(text), columns: options.isJson ? null : columns }, scenario);
  let outcome: Outcome = 'not a valid run';
  try {
    const prepared = isIsolated ? prepareNetwork() : [`no network of our own (${inside.why}): ports, names and limits are the machine's`];
    for (const trouble of prepared) progress.say(trouble);
    const names = isIsolated ? coverNames(folder) : null;
    const isPrivileged = process.getuid?.() === 0 && !isUserNamespace();
    const honesty = readHonesty(scenario, inside.k6, { isIsolated, isPrivileged, loadBefore: inside.loadBefore });
    const record = await runScenario({
      ...{ scenario, plan: planned, k6: inside.k6, honesty, folder, names, processes, stop: stop.signal, troubles: prepared },
      env: nodeEnvironment(),
      say: (line) => progress.say(line),
      moment: (moment) => progress.moment(moment),
      started: note,
    });
    progress.close();
    const wanted = resolve(options.report ?? join(REPORTS, `${scenario.name}-${record.began.replace(/[:.]/g, '-')}`));
    const kept = keepRecord(record, [wanted, join(tmpdir(), `pinhole-${scenario.name}-${process.pid}`)]);
    const written = writeReport(kept.record, kept.folder);
    outcome = written.verdict;
    if (options.isJson)
      console.log(JSON.stringify({ verdict: outcome, folder: kept.folder, troubles: kept.record.troubles, lines: written.lines }));
    else for (const line of [...kept.troubles, ...written.lines]) console.log(line);
  } catch (error) {
    progress.close();
    console.error(error instanceof Error ? error.message : error);
  }
  await processes.stopAll();
  if (outcome === 'not a valid run' && !stop.signal.aborted) console.error(`Logs and configuration are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  releaseLock();
  return stop.signal.aborted ? EXIT.interrupted : EXIT[outcome];
}

function coverNames(folder: string): Names {
  const names = new Names(folder);
  names.cover();
  return names;
}

/** A whole machine has one row that maps every id to itself (user_namespaces(7)). */
function isUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** Nodes get what any service has, and none of the caller's settings for proxies. */
function nodeEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'] ?? homedir(), LANG: 'C.UTF-8' };
}

/** However this program ends, short of SIGKILL, nothing stays behind. */
function endAtOnce(processes: Processes, groups: readonly number[]): void {
  processes.killAll();
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // ESRCH: it had ended in order.
    }
  }
}

function complain(words: string, code: number): number {
  console.error(`pinhole loadtest: ${words}`);
  return code;
}

function renderList(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join('\n');
}

function catchSignals(): void {
  let firstAtMs: number | null = null;
  const heard = (): void => {
    if (firstAtMs !== null && performance.now() - firstAtMs > SECOND_SIGNAL_AFTER_MS) process.exit(EXIT.interrupted);
    firstAtMs ??= performance.now();
    stop.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, heard);
  // A reader that left (`| head`) ends the run like a terminal that closes; without a listener it would end without order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', heard);
}

catchSignals();
process.exitCode = await main(process.argv.slice(2));
