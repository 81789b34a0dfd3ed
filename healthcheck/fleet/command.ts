// `pinhole fleet plan | apply | status | run | drain | undrain`: reads its words, does it, prints.

import type { Route53Client } from '@aws-sdk/client-route-53';
import { readArguments, textOf } from '../../proxy/cli/arguments.ts';
import { renderProblem } from '../../proxy/config/problem.ts';
import type { Clock } from '../clock.ts';
import { bySchedule } from '../schedule.ts';
import { drain, type OfSlot, undrain } from './drain-command.ts';
import { type EmptyingDeps, Stuck, Teller } from './emptying.ts';
import type { Fleet } from './fleet.ts';
import { loadFleet, type LoadedFleet } from './load.ts';
import { askNode } from './nodes.ts';
import { isSettled } from './plan.ts';
import { look, reconcile, type Round } from './reconcile.ts';
import { planJson, renderPlan } from './render-plan.ts';
import { Budget } from './route53/budget.ts';
import { Caller } from './route53/caller.ts';
import { Reconciler, type RunLog } from './run.ts';
import { renderStatus, statusOf } from './status.ts';
import { FleetTrouble } from './trouble.ts';

const EXIT = { ok: 0, failed: 1, usage: 64 } as const;

const VERBS = ['plan', 'apply', 'status', 'run', 'drain', 'undrain'] as const;
type Verb = (typeof VERBS)[number];

/** The verbs that are about one slot. */
const OF_SLOT: readonly Verb[] = ['drain', 'undrain'];

const USAGE = `Usage: pinhole fleet plan|apply|status|run -c FLEET.yaml [--json]
       pinhole fleet drain|undrain SLOT -c FLEET.yaml [--json]

Keeps the fleet's records and health checks at Route 53 as the file says.

  plan               shows what would change; changes nothing
  apply              changes it, within the guard rails
  status             what the file wants beside what the zone, its checkers and the nodes say
  run                applies again and again until a signal ends it; SIGHUP looks at once
  drain SLOT         takes the slot's weight, waits for resolvers, and empties its node at a pace
  undrain SLOT       lets its node take tunnels again, and gives the slot its weight

  -c, --config FILE  the fleet
      --json         print JSON: one object, of run, drain and undrain one a line
  -h, --help         this text

Credentials, and an endpoint other than AWS's own, come from where AWS's SDKs look: AWS_PROFILE, roles, AWS_ENDPOINT_URL_ROUTE_53.
Exit codes: 0 done (status: zone and file agree), 1 failed, refused or different, 64 wrong command line or file.
`;

/** Every half minute, and not all fleets at the same moment. */
const RUN_SCHEDULE = '*/30 * * * * *';
const RUN_JITTER_MS = 5_000;

export interface FleetIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly connect: () => Pick<Route53Client, 'send'>;
  readonly onSignal: (name: NodeJS.Signals, heard: () => void) => void;
  /** Null where standard output is no terminal. */
  readonly columns: () => number | null;
}

interface Command {
  readonly file: string;
  /** Of the verbs that are about one. */
  readonly slot: string;
  readonly isJson: boolean;
  readonly io: FleetIo;
  readonly caller: Caller;
}

export async function runFleet([word = '--help', ...behind]: readonly string[], io: FleetIo): Promise<number> {
  const verb = VERBS.find((candidate) => candidate === word);
  const takesSlot = verb !== undefined && OF_SLOT.includes(verb);
  const slot = takesSlot && behind[0]?.startsWith('-') === false ? behind[0] : '';
  const rest = slot === '' ? behind : behind.slice(1);
  const read = readArguments(verb === undefined ? [word, ...rest] : rest, {
    config: { type: 'string', short: 'c' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (read.ok && read.values['help'] === true) {
    io.stdout(USAGE);
    return EXIT.ok;
  }
  const file = read.ok ? textOf(read.values, 'config') : undefined;
  if (verb === undefined) return usageError(`expected one of ${VERBS.join(', ')}, got ${word}`, io);
  if (!read.ok) return usageError(read.why, io);
  if (takesSlot && slot === '') return usageError(`which slot? pinhole fleet ${verb} SLOT -c FLEET.yaml`, io);
  if (file === undefined) return usageError('-c FLEET.yaml is missing', io);

  const isJson = read.values['json'] === true;
  const loaded = readFleet(file, io);
  if ('problems' in loaded) {
    if (isJson) io.stdout(`${JSON.stringify({ ok: false, problems: loaded.problems })}\n`);
    for (const problem of loaded.problems) io.stderr(`${renderProblem(file, problem)}\n`);
    return EXIT.usage;
  }
  for (const warning of loaded.warnings) io.stderr(`warning: ${renderProblem(file, warning)}\n`);

  const caller = new Caller({ client: io.connect(), budget: new Budget(io.clock), clock: io.clock, random: io.random });
  return DO[verb]({ file, slot, isJson, io, caller }, loaded.fleet);
}

function usageError(why: string, io: FleetIo): number {
  io.stderr(`pinhole fleet: ${why}\n`);
  return EXIT.usage;
}

/** A file that cannot be read is one problem, in its first line. */
function readFleet(file: string, io: FleetIo): LoadedFleet {
  let text: string;
  try {
    text = io.readFile(file);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    return { problems: [{ line: 1, column: 1, path: '', message: `cannot read the file (${code})` }] };
  }
  return loadFleet(text, file, io.env, io.readFile);
}

/** Who types a command has waited as long as seemed right. */
const always = (): boolean => true;

const DO: Readonly<Record<Verb, (command: Command, fleet: Fleet) => Promise<number> | number>> = {
  plan: (command, fleet) => guarded(command, async () => showPlan(command, fleet, await look(command.caller, fleet, always))),
  apply: (command, fleet) => guarded(command, () => apply(command, fleet)),
  status: (command, fleet) => guarded(command, () => status(command, fleet)),
  run,
  drain: (command, fleet) => ofSlot(command, fleet, drain),
  undrain: (command, fleet) => ofSlot(command, fleet, undrain),
};

function ofSlot(command: Command, fleet: Fleet, work: OfSlot): Promise<number> | number {
  const { io, isJson, caller, file } = command;
  const slot = fleet.slots.find(({ id }) => id === command.slot);
  if (!slot) return usageError(`no slot ${command.slot} in ${file}; there are ${fleet.slots.map(({ id }) => id).join(', ')}`, io);
  const actor = `fleet, ${io.env['SUDO_USER'] ?? io.env['USER'] ?? 'somebody'}`;
  const { stdout, clock, columns, onSignal } = io;
  const deps: EmptyingDeps = { caller, clock, stdout, isJson, columns, actor, onSignal };
  const teller = new Teller(deps);
  return guarded(command, () => work(deps, fleet, slot, teller, file).finally(() => teller.close()));
}

/** The one place where a trouble becomes words and an exit code. */
async function guarded({ isJson, io }: Command, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FleetTrouble || error instanceof Stuck)) throw error;
    const code = error instanceof FleetTrouble ? error.code : 'STUCK';
    if (isJson) io.stdout(`${JSON.stringify({ ok: false, code, message: error.message })}\n`);
    io.stderr(`pinhole fleet: ${error.message}\n`);
    return EXIT.failed;
  }
}

function showPlan({ isJson, io }: Command, fleet: Fleet, round: Round): number {
  io.stdout(isJson ? `${JSON.stringify(planJson(fleet, round))}\n` : renderPlan(fleet, round));
  const { conflicts, heldBack } = round.plan;
  return conflicts.length > 0 || heldBack.some(({ how }) => how === 'refused') ? EXIT.failed : EXIT.ok;
}

async function apply(command: Command, fleet: Fleet): Promise<number> {
  const { isJson, io, caller } = command;
  const steps: string[] = [];
  const report = (step: string): void => {
    steps.push(step);
    if (!isJson) io.stdout(`${step}\n`);
  };
  const show = (round: Round): void => {
    if (!isJson) io.stdout(`${renderPlan(fleet, round)}\n`);
  };
  const round = await reconcile({ caller, clock: io.clock, report }, fleet, always, show);
  const { heldBack } = round.plan;
  const isRefused = heldBack.some(({ how }) => how === 'refused');
  if (isJson) io.stdout(`${JSON.stringify({ ok: !isRefused, steps, ...planJson(fleet, round) })}\n`);
  else if (heldBack.some(({ how }) => how === 'waits'))
    io.stdout(`Something waits: apply again in ${2 * fleet.ttlS} s, when resolvers have asked anew.\n`);
  return isRefused ? EXIT.failed : EXIT.ok;
}

async function status({ isJson, io, caller }: Command, fleet: Fleet): Promise<number> {
  const round = await look(caller, fleet, always);
  const asked = await Promise.all(fleet.slots.map(async (slot) => [slot.id, await askNode(slot, io.clock)] as const));
  const found = statusOf(fleet, round, new Map(asked));
  io.stdout(isJson ? `${JSON.stringify(found)}\n` : renderStatus(found));
  return isSettled(round.plan) ? EXIT.ok : EXIT.failed;
}

async function run({ file, isJson, io, caller }: Command): Promise<number> {
  const log = createLog(io, isJson);
  const reconciler = new Reconciler({ caller, clock: io.clock, log, load: () => readFleet(file, io) });
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) io.onSignal(name, resolve);
  });
  io.onSignal('SIGHUP', () => void reconciler.runAnew());
  const { clock, random } = io;
  const rounds = bySchedule(RUN_SCHEDULE, { clock, random, jitterMs: RUN_JITTER_MS }, () => reconciler.run());
  log('info', 'started', { file });
  void reconciler.run();
  await stopped;
  rounds.stop();
  // A round that is under way ends in order: half a change is worse than a late end.
  await reconciler.idle();
  log('info', 'stopped');
  return EXIT.ok;
}

function createLog({ stdout, clock }: FleetIo, isJson: boolean): RunLog {
  return (level, event, facts = {}) => {
    const time = new Date(clock.wallMs()).toISOString();
    if (isJson) return stdout(`${JSON.stringify({ time, level, event, ...facts })}\n`);
    const words = Object.entries(facts).map(([name, value]) =>
      Array.isArray(value) ? `\n${value.join('\n')}` : ` ${name}=${String(value)}`,
    );
    stdout(`${time} ${level} ${event}${words.join('')}\n`);
  };
}
