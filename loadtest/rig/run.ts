// One run from its first process to its record: starts the parts in order, has them conducted, watches them, and ends all of it whatever
// happened. Knows no command line and prints nothing.

import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../agent/clock.ts';
import { beginOf, type RigPlan } from '../plan.ts';
import type { FarEndSeen, Honesty, Mark, Phase, ProbeSeen, RunRecord } from '../run-record.ts';
import type { Scenario } from '../scenario.ts';
import type { AgentPlan } from '../shared/agent-plan.ts';
import { agentPlan, CLOSE_PATIENCE_MS, closePatienceMs } from './agents.ts';
import { Collector, type RolePids } from './collector.ts';
import { Broken, conduct } from './conduct.ts';
import { DescriptorWatch } from './descriptors.ts';
import { startGenerators } from './generators.ts';
import type { Generators, Probe } from './parts.ts';
import type { Moment } from './progress.ts';
import type { Processes } from './processes.ts';
import { SecondsBook } from './seconds.ts';
import { stageOf } from './stage.ts';
import type { World } from './world.ts';

export interface RunInput {
  readonly scenario: Scenario;
  readonly plan: RigPlan;
  readonly k6: string;
  readonly honesty: Honesty;
  /** For everything but the report. */
  readonly folder: string;
  readonly processes: Processes;
  /** What the agents go through, and to. */
  readonly startWorld: (heardFarEnd: (atS: number, seen: FarEndSeen) => void) => Promise<World>;
  /** Null where it could show nothing. */
  readonly startProbe: (world: World) => Promise<Probe | null>;
  /** The share of this machine, where several have one plan. */
  readonly machine: { readonly number: number; readonly of: number };
  /** Unix ms at which the first agent opens; null: as soon as k6 is ready. */
  readonly beginsMs: number | null;
  readonly stop: AbortSignal;
  /** What could not be had before the run began, in words. */
  readonly troubles: readonly string[];
  readonly say: (line: string) => void;
  readonly moment: (moment: Moment) => void;
}

/** What k6 complains of again and again fills no record. */
const COMPLAINTS_MAX = 5;

export async function runScenario(input: RunInput): Promise<RunRecord> {
  const run = new Run(input);
  try {
    await run.play();
  } catch (error) {
    run.broke(error);
  } finally {
    await run.end();
  }
  return run.record();
}

class Run {
  readonly #input: RunInput;
  readonly #began = new Date();
  readonly #beganS = Math.floor(Date.now() / 1_000);
  readonly #book = new SecondsBook(this.#beganS);
  readonly #marks: Mark[] = [];
  readonly #troubles: string[];
  readonly #complaints = new Map<string, number>();
  readonly #collecting = new AbortController();
  /** What is planned is done no more: the run is over, whoever ended it. */
  readonly #over = new AbortController();
  readonly #descriptors = new DescriptorWatch();
  /** Rejects where something that was planned did not come about, and nobody waits for it. */
  readonly #failed = Promise.withResolvers<never>();
  #phases: Phase[] = [];
  #world: World | null = null;
  #generators: Generators | null = null;
  #probe: Probe | null = null;
  #probeSeen: ProbeSeen | null = null;
  #collected: Promise<void> = Promise.resolve();
  #conducted: Promise<void> = Promise.resolve();
  #isBroken = false;
  #phase = 'start';

  constructor(input: RunInput) {
    this.#input = input;
    this.#troubles = [...input.troubles];
    this.#failed.promise.catch(() => {});
  }

  async play(): Promise<void> {
    const { scenario, plan, folder, stop, say } = this.#input;
    say(`starting ${describeParts(scenario, plan)}`);
    const world = await this.#unlessStopped(this.#input.startWorld((atS, seen) => this.#book.farEnd(atS, seen)));
    if (world === null) return;
    this.#world = world;
    await this.#descriptors.before(this.#nodeGroups());
    this.#probe = await this.#unlessStopped(this.#input.startProbe(world));
    this.#collected = this.#collect();
    if (stop.aborted) return;

    const beginsMs = beginOf(this.#input.beginsMs, plan.vus / this.#input.machine.of, Date.now());
    if (typeof beginsMs === 'string') throw new Error(beginsMs);
    const agents = agentPlan(scenario, plan, world.url, beginsMs);
    const generators = await startGenerators(
      {
        ...{
          k6: this.#input.k6,
          agents,
          processes: plan.generators,
          machine: this.#input.machine,
        },
        ...{ proxy: world.proxy, env: world.env, folder: `${folder}/k6` },
        heard: (tick) => this.#book.heard(tick),
        torn: () => this.#book.torn(),
        complained: (line) => this.#complained(line),
      },
      this.#input.processes,
    );
    this.#generators = generators;
    const broken = Promise.race([
      world.failed,
      this.#failed.promise,
      generators.ended.then(() => new Promise<never>(() => {})),
      ...(this.#probe === null ? [] : [this.#probe.failed]),
    ]);
    broken.catch(() => {});
    this.#conducted = this.#conduct(world, beginsMs);
    await Promise.race([this.#conducted, broken]);
    if (stop.aborted) return;
    await this.#close(generators, world, agents);
  }

  /** What ended the run before its time. */
  broke(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    if (error instanceof Broken) this.#phases = [...error.phases];
    // Parts that were in the midst of something fail because of it.
    if (this.#input.stop.aborted) return;
    this.#isBroken = true;
    this.#troubles.push(words);
    this.#marks.push({ at: this.#now(), what: firstLine(words), event: null, isPlanned: false, node: null, tunnels: null });
    this.#input.say(words);
  }

  /** Ends everything that is still there, in the other order. */
  async end(): Promise<void> {
    const { processes } = this.#input;
    this.#over.abort();
    await quietly(this.#conducted);
    await quietly(this.#generators?.stop());
    await this.#stopProbe();
    if (this.#world !== null && !this.#isBroken && !this.#input.stop.aborted) {
      await this.#descriptors.watch(this.#nodeGroups());
      await this.#diedOfTheClose(this.#world);
    }
    await this.#childrenDied(this.#world);
    this.#collecting.abort();
    await this.#collected;
    await quietly(this.#world?.stop());
    await processes.stopAll();
    this.#book.finish(Math.floor(Date.now() / 1_000));
  }

  record(): RunRecord {
    const { scenario, honesty, stop } = this.#input;
    const ended = this.#isBroken ? 'broken' : stop.aborted ? 'interrupted' : 'whole';
    return {
      ...{ format: 1, scenario, began: this.#began.toISOString(), ended, honesty, probe: this.#probeSeen },
      troubles: [...this.#troubles, ...this.#lateTroubles()],
      phases: this.#phases.length > 0 ? this.#phases : [{ name: this.#phase, kind: 'ramp', from: 0, to: this.#now() }],
      marks: this.#marks,
      seconds: this.#book.rows,
      machine: this.#input.machine.of > 1 ? this.#input.machine : null,
      lostTicks: this.#book.lost,
      descriptors: this.#descriptors.seen,
    };
  }

  async #conduct(world: World, beginsMs: number): Promise<void> {
    const { scenario, plan, say, processes, folder } = this.#input;
    const stop = AbortSignal.any([this.#input.stop, this.#over.signal]);
    const marked = (mark: Mark): void => {
      this.#marks.push(mark);
      say(mark.tunnels === null ? mark.what : `${mark.what} (${mark.tunnels} tunnels)`);
    };
    const note = (what: string): void => marked({ at: this.#now(), what, event: null, isPlanned: true, node: null, tunnels: null });
    const stage = stageOf({
      ...{ world, processes, folder, note, broke: this.#failed.reject },
      agents: () => this.#book.now(Math.floor(Date.now() / 1_000)),
      agentsKnownUntilMs: () => this.#book.knownUntilS * 1_000,
    });
    this.#phases = [
      ...(await conduct({
        ...{ scenario, plan, stage, clock: systemClock, beganMs: this.#beganS * 1_000, beginsMs, stop, marked },
        entered: (phase) => (this.#phase = phase),
      })),
    ];
  }

  async #close(generators: Generators, world: World, agents: AgentPlan): Promise<void> {
    // What a second says is how things stood at its end: the one in which agents begin to close is of the close, whole.
    const from = Math.floor(this.#now());
    this.#phases = this.#phases.map((phase) => ({ ...phase, to: Math.min(phase.to, from) }));
    this.#phase = 'close';
    const late = new AbortController();
    const patience = delay(closePatienceMs(agents, Date.now()), undefined, { signal: late.signal }).then(
      () => void this.#troubles.push(`k6 had not closed its sessions ${CLOSE_PATIENCE_MS / 1_000} s after the last should have been`),
      () => {},
    );
    await Promise.race([generators.ended, world.failed, this.#failed.promise, patience, aborted(this.#input.stop)]);
    late.abort();
    this.#phases.push({ name: 'close', kind: 'close', from, to: this.#now() });
  }

  /** Nobody waits for failures any more once k6 has closed, and a node that all agents left at once may have died of just that. */
  async #diedOfTheClose({ failed }: World): Promise<void> {
    try {
      await Promise.race([failed, this.#failed.promise, delay(0)]);
    } catch (error) {
      this.broke(error);
    }
  }

  /** A node starts another in its place and goes on: what agents lost by it would else have no name. */
  async #childrenDied(world: World | null): Promise<void> {
    try {
      for (const { atMs, words, tunnels, node } of (await world?.fleet?.deaths()) ?? [])
        this.#marks.push({ at: atMs / 1_000 - this.#beganS, what: words, event: null, isPlanned: false, node, tunnels });
    } catch (error) {
      this.#troubles.push(`whether a carrier or control died is not known: ${(error as Error).message}`);
    }
  }

  /** Once a second, until everything is over. */
  async #collect(): Promise<void> {
    const collector = new Collector({
      roles: () => this.#roles(),
      nodes: () => this.#world?.fleet?.metrics ?? {},
      nowMs: Date.now,
      heard: (atS, sample) => this.#book.sampled(atS, sample),
    });
    const { signal } = this.#collecting;
    while (!signal.aborted) {
      await delay(1_000 - (Date.now() % 1_000), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await collector.sample();
      const nowS = Math.floor(Date.now() / 1_000);
      this.#book.closeUntil(nowS);
      const { established, wanted } = this.#book.now(nowS);
      const { plan } = this.#input;
      this.#input.moment({
        at: this.#now(),
        of: plan.seconds,
        phase: this.#phase,
        established,
        wanted,
        last: this.#book.rows.at(-1) ?? null,
      });
    }
  }

  #roles(): Record<string, RolePids> {
    return {
      ...this.#world?.roles(),
      k6: { pids: this.#generators?.pids ?? [] },
      probe: { pids: this.#probe === null ? [] : [this.#probe.pid] },
      rig: { pids: [process.pid] },
    };
  }

  #nodeGroups(): readonly number[] {
    return this.#world?.fleet?.groups ?? [];
  }

  async #stopProbe(): Promise<void> {
    const probe = this.#probe;
    this.#probe = null;
    if (probe === null) return;
    try {
      this.#probeSeen = await probe.stop();
    } catch (error) {
      this.#troubles.push(`the probe has nothing to say: ${(error as Error).message}`);
    }
  }

  async #unlessStopped<T>(work: Promise<T>): Promise<T | null> {
    const done = await work;
    return this.#input.stop.aborted ? (this.#keep(done), null) : done;
  }

  /** Ctrl-C came while it was started: it has to be ended all the same. */
  #keep(started: unknown): void {
    if (started !== null && typeof started === 'object' && 'places' in started) this.#world = started as World;
    else if (started !== null && typeof started === 'object' && 'pid' in started) this.#probe = started as Probe;
  }

  #complained(line: string): void {
    const words = line.slice(0, 300);
    this.#complaints.set(words, (this.#complaints.get(words) ?? 0) + 1);
  }

  #lateTroubles(): string[] {
    const complaints = [...this.#complaints]
      .sort(([, one], [, other]) => other - one)
      .map(([line, count]) => `k6 said ${count} times: ${line}`);
    const more = complaints.length - COMPLAINTS_MAX;
    return [
      ...complaints.slice(0, COMPLAINTS_MAX),
      ...(more > 0 ? [`k6 said ${more} other things`] : []),
      ...(this.#book.lost > 0
        ? [`${this.#book.lost} ticks of k6 came more than ten seconds late or torn, and what they counted is not here`]
        : []),
    ];
  }

  #now(): number {
    return Math.round(Date.now() - this.#beganS * 1_000) / 1_000;
  }
}

function describeParts({ through, nodes, to }: Scenario, { generators, farEnds, vus, carriers, seconds }: RigPlan): string {
  const proxies =
    through === 'pinhole' ? `${nodes} node${nodes === 1 ? '' : 's'} of ${carriers} carrier${carriers === 1 ? '' : 's'}` : through;
  const far = to === 'sandbox' ? 'the stand-in of AWS IoT' : `${farEnds} far ends`;
  return `${proxies}, ${far}, ${generators} of k6 with ${vus} VUs; ${Math.ceil(seconds / 60)} min from the first agent on`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** At the end everything is ended, whatever one of them says of it. */
async function quietly(work: Promise<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {
    // It has been heard as what broke the run, or it is gone.
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
