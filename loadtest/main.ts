// `./pinhole loadtest`: the load rig. The only file of it that prints, reads the environment and catches signals.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { findK6, pinnedVersion } from './k6-binary.ts';
import { manifestOf } from './manifest.ts';
import { parseLoadtestOptions, type RunOptions, USAGE } from './options.ts';
import { beginOf, planRun, type RigPlan } from './plan.ts';
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
import { SCRIPT } from './rig/generators.ts';
import { agentPlan, type RunInput, runScenario } from './rig/run.ts';
import { startRunProbe } from './rig/run-probe.ts';
import { startWorld, worldOutside } from './rig/world.ts';
import type { RunRecord } from './run-record.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenario.ts';
import type { AgentPlan } from './shared/agent-plan.ts';
import { aim, parseTarget, type Target } from './target.ts';
import { aliasesOf, doorsOf } from './target-dns.ts';
import { planTarget, scenarioAt } from './target-plan.ts';

const EXIT = { pass: 0, fail: 1, 'not a valid run': 2, usage: 64, missing: 69, interrupted: 130 } as const;
const REPORTS = '.loadtest';
/** To make the archive and the map, and for the pods to start. */
const MANIFEST_LEAD_MS = 600_000;
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
  if (options.target !== null && found !== null) return await performAt(options.target, found, options);
  const scenario = found === null ? `no scenario is called ${options.scenario}` : resize(found, options);
  if (typeof scenario === 'string') return complain(scenario, EXIT.usage);
  const inside = process.env[INSIDE];
  if (inside !== undefined) return await perform(scenario, options, JSON.parse(inside) as Inside);

  const missing = scenario.through === 'squid' || scenario.through === 'haproxy' ? missingPeer(scenario.through) : null;
  if (missing !== null) return complain(missing, EXIT.missing);
  const isolation = findIsolation(process.getuid?.() === 0);
  const planned = plan(scenario, isolation.isIsolated);
  if (typeof planned === 'string') return complain(planned, EXIT.usage);
  const busy = takeMachine();
  if (busy !== null) return complain(busy, EXIT.missing);
  try {
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
  return await measure({ scenario, plan: planned, inside, options, targetUrl: null }, ({ folder, processes, say }) => {
    const troubles = isIsolated ? prepareNetwork() : [`no network of our own (${inside.why}): ports, names and limits are the machine's`];
    for (const trouble of troubles) say(trouble);
    const names = isIsolated ? coverNames(folder) : null;
    const world = { scenario, plan: planned, folder, processes, names, env: nodeEnvironment(), stop: stop.signal };
    return {
      ...{ troubles, machine: { number: 1, of: 1 }, beginsMs: null },
      startWorld: (heardFarEnd) => startWorld({ ...world, heardFarEnd }),
      startProbe: (started) => startRunProbe(scenario, started, processes),
    };
  });
}

/** Null where the machine is ours now, and nothing of a rig that was killed is left on it. */
function takeMachine(): string | null {
  const lock = takeLock();
  if (!lock.ok) return lock.why;
  if (lock.leftover !== null && endLeftover(lock.leftover) > 0) console.error('ended what a load test that was killed had left behind');
  return null;
}

/** A real fleet: nothing is started here but k6, and nothing is done to a node. */
async function performAt(file: string, found: Scenario, options: RunOptions): Promise<number> {
  const read = readTarget(file);
  if (!read.ok) return complain(`${file}:\n${read.problems.map((problem) => `  ${problem}`).join('\n')}`, EXIT.usage);
  const { target } = read;
  const rate = aim(target, { aliases: await aliasesOf(target.url), quota: options.quota });
  if (typeof rate === 'string') return complain(rate, EXIT.usage);
  const scenario = scenarioAt(found, target, rate, options);
  if (typeof scenario === 'string') return complain(scenario, EXIT.usage);
  const planned = planTarget(scenario, target, readMachine(false, readPortRange()), await doorsOf(target.proxy));
  if (typeof planned === 'string') return complain(planned, EXIT.usage);
  const startsMs = target.startsAt === undefined ? null : Date.parse(target.startsAt);
  const begins = beginOf(startsMs, planned.vus / target.machine.of, Date.now());
  if (typeof begins === 'string') return complain(`startsAt: ${begins}`, EXIT.usage);
  if (options.hasManifest) {
    const agents = agentPlan(scenario, planned, target.url, startsMs ?? Date.now() + MANIFEST_LEAD_MS);
    return printManifest(scenario.name, target, planned.generators, agents);
  }
  const busy = takeMachine();
  if (busy !== null) return complain(busy, EXIT.missing);
  try {
    const k6 = (await findK6({ env: process.env, progress: (line) => console.error(line), signal: stop.signal })).path;
    const inside: Inside = { k6, isIsolated: false, why: null, loadBefore: loadNow() };
    const env = target.caFile === undefined ? {} : { SSL_CERT_FILE: resolve(target.caFile) };
    return await measure({ scenario, plan: planned, inside, options, targetUrl: target.url }, () => ({
      ...{
        troubles: [
          `of a real fleet: agents are machine ${target.machine.number} of ${target.machine.of}, and nodes are seen from outside only`,
        ],
      },
      ...{ machine: target.machine, beginsMs: startsMs, startProbe: () => Promise.resolve(null) },
      startWorld: () => Promise.resolve(worldOutside(target.url, target.proxy, env)),
    }));
  } catch (error) {
    return stop.signal.aborted ? EXIT.interrupted : complain((error as Error).message, EXIT.missing);
  } finally {
    releaseLock();
  }
}

/** The plan into a file, the manifest to standard output, and what has to be done before it to standard error. */
function printManifest(name: string, { machine, proxy, caFile }: Target, generators: number, agents: AgentPlan): number {
  const planFile = resolve(REPORTS, `${name}-plan.json`);
  try {
    mkdirSync(dirname(planFile), { recursive: true });
    // A signature may be in its URL.
    writeFileSync(planFile, `${JSON.stringify(agents)}\n`, { mode: 0o600 });
  } catch (error) {
    return complain(`the plan could not be written: ${(error as Error).message}`, EXIT.missing);
  }
  const { yaml, steps } = manifestOf({
    ...{ name, proxy, generators, planFile, beginsMs: agents.beginsMs, endsMs: agents.endsMs, machines: machine.of },
    ...{ k6Version: pinnedVersion(), caFile: caFile === undefined ? null : resolve(caFile), script: SCRIPT },
  });
  console.error(steps.trimEnd());
  console.log(yaml.trimEnd());
  return EXIT.pass;
}

interface Measured {
  readonly scenario: Scenario;
  readonly plan: RigPlan;
  readonly inside: Inside;
  readonly options: RunOptions;
  /** Null where the nodes are our own. */
  readonly targetUrl: string | null;
}

type Parts = Pick<RunInput, 'troubles' | 'startWorld' | 'startProbe' | 'machine' | 'beginsMs'>;

/** From a folder of its own to the exit code; nothing is left but the report, and the logs of what was no valid run. */
async function measure(
  { scenario, plan, inside, options, targetUrl }: Measured,
  prepare: (own: { folder: string; processes: Processes; say: (line: string) => void }) => Parts,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-loadtest-'));
  const note = (groups: readonly number[]): void => noteLock({ folder, groups });
  const processes = new Processes(note);
  // However this program ends, short of SIGKILL, nothing stays behind.
  process.on('exit', () => processes.killAll());
  note([]);
  const stream = options.isJson ? process.stderr : process.stdout;
  const columns = !options.isJson && process.stdout.isTTY ? process.stdout.columns : null;
  const progress = new Progress({ write: (text) => void stream.write(text), columns }, scenario);
  const say = (line: string): void => progress.say(line);
  let outcome: Outcome = 'not a valid run';
  try {
    const parts = prepare({ folder, processes, say });
    const isPrivileged = process.getuid?.() === 0 && !isUserNamespace();
    const honesty = readHonesty(scenario, inside.k6, { ...inside, isPrivileged, targetUrl });
    const record = await runScenario({
      ...{ scenario, plan, k6: inside.k6, honesty, folder, processes, stop: stop.signal, say, ...parts },
      moment: (moment) => progress.moment(moment),
    });
    progress.close();
    outcome = report(record, options);
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

function report(record: RunRecord, { report: folder, isJson }: RunOptions): Outcome {
  const { name } = record.scenario;
  const wanted = resolve(folder ?? join(REPORTS, `${name}-${record.began.replace(/[:.]/g, '-')}`));
  const kept = keepRecord(record, [wanted, join(tmpdir(), `pinhole-${name}-${process.pid}`)]);
  const { verdict, lines, unwritten } = writeReport(kept.record, kept.folder);
  const troubles = [...kept.record.troubles, ...(unwritten === null ? [] : [unwritten])];
  if (isJson) console.log(JSON.stringify({ verdict, folder: kept.folder, troubles, lines }));
  else for (const line of [...kept.troubles, ...lines, ...(unwritten === null ? [] : [unwritten])]) console.log(line);
  return verdict;
}

function readTarget(file: string): ReturnType<typeof parseTarget> {
  try {
    return parseTarget(readFileSync(file, 'utf8'));
  } catch (error) {
    return { ok: false, problems: [(error as Error).message] };
  }
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

/** Ends once what was said is out: to a pipe Node writes later what does not fit at once. */
async function end(code: number): Promise<never> {
  const out = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => stream.once('error', () => resolve()).write('', () => resolve()));
  await Promise.all([out(process.stdout), out(process.stderr)]);
  process.exit(code);
}

catchSignals();
await end(await main(process.argv.slice(2)));
