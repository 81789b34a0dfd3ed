// Holds a node's listening sockets, and keeps its carriers and its control alive. Reads nothing from the wire, has no dependency, and decides
// nothing about a connection: so small that it need not change when they do.

import type { Clock } from '../core/clock.ts';
import { RestingClock } from '../core/resting-clock.ts';
import { ledgerFile } from '../core/runtime-files.ts';
import type {
  DryRunResult,
  ReloadResult,
  SupervisorMessage,
  SupervisorView,
  Taking,
  UpgradeNews,
  UpgradeResult,
} from '../core/supervision.ts';
import { REST_MS } from '../core/supervision.ts';
import { clearRow, readRows } from '../limits/ledger-file.ts';
import { SharedSockets } from './carrier-slot.ts';
import { ChildWatch } from './child-watch.ts';
import { ControlSeat } from './control-seat.ts';
import { dryRun } from './dry-run.ts';
import { Generation, type GenerationOptions } from './generation.ts';
import type { Member } from './hand-out.ts';
import type { Death, Keeper } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import { SlotSockets } from './listen-sockets.ts';
import { EXIT } from './plan.ts';
import type { Launch, LivePlan, ServePlan } from './plan.ts';
import { prepareReload, type Reading } from './prepare-child.ts';
import { Reloader } from './reloader.ts';
import type { ServiceLink } from './service-manager.ts';
import { type AcceptedSettings, acceptedFor, nextGeneration } from './runtime-folder.ts';
import { spawnControl } from './spawn-role.ts';
import { RETIRED_MAX, type Target, Upgrader, type UpgradePlan } from './upgrader.ts';

/** The current generation, those that are retired, and one that is about to take over: each carrier of each has a row in the ledger. */
export const GENERATIONS_MAX = RETIRED_MAX + 2;

const CONTROL = 'control';

export interface SupervisorOptions {
  /** With the addresses as they are bound: no port is 0. */
  readonly plan: ServePlan;
  readonly generation: number;
  readonly accepted: AcceptedSettings;
  readonly clock: Clock;
  readonly log: LineLog;
  /** Whoever started the node wants to know how it is; null where nobody asked. */
  readonly service: Pick<ServiceLink, 'serves' | 'stops'> | null;
  /** The node has ended; the code is the process's. */
  ended(code: number): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #startedMs: number;
  /** By slot, for every generation. */
  readonly #sockets: readonly SharedSockets[];
  #current: Generation;
  /** The youngest first, as long as one of its carriers lives. */
  #retired: Generation[] = [];
  /** Rises, or was given up before it had accepted, and is not gone yet. */
  readonly #others = new Set<Generation>();
  /** What was the current one's installation before this one. */
  #previous: Target | null = null;
  readonly #control: ControlSeat;
  readonly #reloader: Reloader;
  readonly #upgrader: Upgrader;
  /** What changes while the node lives. */
  #live: LivePlan;
  readonly #watch: ChildWatch;
  #hasServed = false;
  #isStopping = false;
  #hasEnded = false;
  #exitCode: number = EXIT.ok;

  constructor(options: SupervisorOptions) {
    const { plan, clock, log, generation: number, accepted } = options;
    this.#options = options;
    this.#live = plan;
    this.#startedMs = clock.wallMs();
    const restingClock = new RestingClock(clock, REST_MS);
    this.#watch = new ChildWatch({
      clock: restingClock,
      keepers: () => this.#keepers(),
      look: (late) => {
        for (const generation of this.#generations()) generation.watch(late);
        this.#control.watch(late);
      },
    });
    this.#sockets = Array.from({ length: plan.carriers }, () => new SharedSockets(() => new SlotSockets(plan.listeners)));
    const { launch, version, policyVersion } = plan;
    this.#current = this.#createGeneration({ number, launch, version, policyVersion, accepted, isRising: false, firstRow: 0 });
    this.#control = new ControlSeat({
      ...{ clock, log, launch },
      spawn: (of, isRising) => {
        this.#restore(this.#current.accepted);
        return spawnControl(of, { runtime: plan.runtime, generation: this.#current.number, isRising });
      },
      ready: (version) => this.#current.handOut.ready(CONTROL, version),
      answered: (answer) => this.#current.handOut.answered(CONTROL, answer),
      view: () => this.view(),
      stirred: () => this.#watch.stirred(),
      died: (death) => this.#controlDied(death),
    });
    this.#reloader = new Reloader({
      clock: restingClock,
      log,
      current: () => this.#current,
      file: plan.file,
      files: plan.files,
      policyVersion,
      read: () => this.#read(commandOf(this.#current.launch), this.#current, 'reload'),
      take: (live) => this.#take(live),
    });
    this.#upgrader = new Upgrader({
      clock,
      log,
      current: () => this.#current,
      retired: () => this.#retired,
      tunnelsOf: (generation) => this.#tunnelsOf(generation),
      previous: () => this.#previous,
      read: (root) => this.#read([`${root}/pinhole`], this.#current, 'upgrade'),
      raise: (upgrade) => this.#raise(upgrade),
      takeOver: (generation, upgrade) => this.#takeOver(generation, upgrade),
      abandon: (generation) => this.#abandon(generation),
    });
  }

  /** Throws a BindFailure before anything is started. */
  start(): void {
    const { plan, generation, log } = this.#options;
    try {
      for (const sockets of this.#sockets) sockets.fds();
    } catch (error) {
      for (const sockets of this.#sockets) sockets.close();
      throw error;
    }
    log.write('info', 'node-starting', { generation, pid: process.pid, listeners: plan.listeners, health: plan.health, admin: plan.admin });
    this.#sayCapacity();
    log.write('info', 'relay', { ...plan.relay });
    this.#sayWarnings();

    this.#current.start();
    this.#control.start();
    this.#watch.start();
    this.#reloader.start();
  }

  /** Takes the configuration file as it is now, where it is good. `by` says who wants it; resolves with what came of it. */
  reload(by: string): Promise<ReloadResult> {
    return this.#reloader.request(by);
  }

  /** What taking that file, or with null its own as it is now, would mean. Waits for a change that is under way, and such a change for it. */
  dryRun(file: string | null): Promise<DryRunResult> {
    const running = this.#options.plan.file;
    return this.#reloader.alone(() =>
      dryRun(
        {
          running,
          policyVersion: this.#reloader.view().policyVersion,
          generations: [this.#current, ...this.#retired],
          read: (from, generation) => this.#read(commandOf(generation.launch), generation, 'reload', from),
        },
        file ?? running,
      ),
    );
  }

  get isReloading(): boolean {
    return this.#reloader.isUnderWay;
  }

  /**
   * Has the installation in `root` take over; null is the one before. `say` is told how it goes on. It waits for a change of the configuration that is
   * under way, and such a change for it.
   */
  upgrade(by: string, root: string | null, say: (news: UpgradeNews) => void): Promise<UpgradeResult> {
    if (this.#reloader.isUnderWay) say({ step: 'waiting', generation: null, version: null });
    return this.#reloader.alone(() => this.#upgrader.upgrade(by, root, say));
  }

  /** Asks everybody to end within `drain.stop`; asked again, ends them at once. */
  stop(why: string): void {
    const { log } = this.#options;
    const { stopMs } = this.#live;
    if (this.#isStopping) {
      log.write('warn', 'node-killed', { why });
      for (const keeper of this.#keepers()) keeper.kill('second-signal');
      return;
    }
    this.#isStopping = true;
    this.#options.service?.stops();
    log.write('info', 'node-stopping', { why, stop_ms: stopMs });
    this.#reloader.stop();
    this.#upgrader.stop();
    for (const generation of this.#generations()) generation.stop(stopMs);
    this.#endIfDone();
  }

  /** Everybody goes on in a new log file of the same name. */
  reopen(): void {
    this.#options.log.reopen();
    for (const keeper of this.#keepers()) keeper.tell({ type: 'reopen' });
  }

  view(): SupervisorView {
    const { plan } = this.#options;
    const { number, version } = this.#current;
    const generations = this.#generations();
    return {
      pid: process.pid,
      node: this.#live.node,
      version,
      generation: number,
      generations: generations.map((generation) => generation.view()),
      startedMs: this.#startedMs,
      stopping: this.#isStopping,
      listeners: plan.listeners,
      health: plan.health,
      admin: plan.admin,
      slots: generations.flatMap((generation) => generation.slotViews()),
      control: { ...this.#control.view(), policyVersion: this.#current.handOut.versionOf(CONTROL) },
      capacity: this.#live.capacity,
      configuration: this.#reloader.view(),
    };
  }

  /** The current one first, then those before it, the youngest first, then one that rises or is given up. */
  #generations(): Generation[] {
    return [this.#current, ...this.#retired, ...this.#others];
  }

  #take(live: LivePlan): void {
    const before = this.#live;
    this.#live = live;
    if (JSON.stringify(before.capacity) !== JSON.stringify(live.capacity)) this.#sayCapacity();
    this.#sayWarnings();
    for (const generation of this.#retired) void this.#handOver(generation);
    if (before.drain.rate !== live.drain.rate && this.#retired.length > 0) this.#retireAll();
  }

  /** A generation of another version reads the file by its own rules; where it cannot, it goes on as it was. */
  async #handOver(generation: Generation): Promise<void> {
    const { log } = this.#options;
    const who = `generation ${generation.number}`;
    try {
      const policyVersion = await this.#settleFor(generation);
      if (policyVersion === null) return;
      const { carriers } = await generation.handOut.swap(policyVersion);
      for (const [slot, { took, why }] of carriers.entries()) {
        const isHolding = generation.slots[slot]?.keeper.isAlive === true;
        if (!took && isHolding) log.write('warn', 'configuration-not-taken', { who: `carrier ${slot} of ${who}`, why });
      }
    } catch (error) {
      // Its last tunnel may be gone by now, and its settings with it.
      if (generation.isAlive) log.write('warn', 'configuration-not-taken', { who, why: (error as Error).message });
    }
  }

  /** Null where for its version nothing has changed, and where it has ended meanwhile. */
  async #settleFor(generation: Generation): Promise<string | null> {
    const { accepted, launch, version } = generation;
    if (launch.root === this.#current.launch.root && version === this.#current.version) {
      accepted.copy(this.#current.accepted.text);
      return this.#live.policyVersion;
    }
    const reading = this.#read(commandOf(launch), generation, 'reload');
    try {
      const plan = await reading.plan;
      if (!generation.isAlive) return null;
      if (typeof plan === 'string') throw new Error(plan);
      if (plan.kind === 'unchanged') return null;
      if (plan.kind !== 'changed') throw new Error(`for its version (${version}) the file is ${plan.kind}`);
      accepted.accept(plan.plan.preparedSettings);
      return plan.plan.policyVersion;
    } finally {
      reading.cleanUp();
    }
  }

  #read(
    command: readonly [string, ...string[]],
    { number }: Generation,
    reason: 'reload' | 'upgrade',
    configFile = this.#options.plan.file,
  ): Reading {
    const { plan, clock } = this.#options;
    return prepareReload({ command, configFile, runtime: plan.runtime, generation: number, reason, clock });
  }

  #sayCapacity(): void {
    const { capacity } = this.#live;
    this.#options.log.write(capacity.binds === 'descriptors' ? 'warn' : 'info', 'capacity', { ...capacity });
  }

  #sayWarnings(): void {
    for (const message of this.#live.warnings) this.#options.log.write('warn', 'configuration-warning', { message });
  }

  #takenLate(taking: Taking): void {
    if (taking.took) this.#options.log.write('info', 'configuration-taken-late', { who: taking.who });
    else this.#reloader.sayNotTaken(taking);
  }

  /** Nothing but its absence is mended here: a full disk must not keep a child from trying. */
  #restore(accepted: AcceptedSettings): void {
    const { log } = this.#options;
    try {
      if (accepted.restore()) log.write('warn', 'settings-restored');
    } catch (error) {
      log.write('error', 'settings-lost', { error: (error as Error).message });
    }
  }

  #createGeneration(
    of: Pick<GenerationOptions, 'number' | 'launch' | 'version' | 'accepted' | 'policyVersion' | 'isRising' | 'firstRow'>,
  ): Generation {
    const { plan, clock, log } = this.#options;
    return new Generation({
      ...of,
      ...{ runtime: plan.runtime, clock, log, sockets: this.#sockets },
      control: { who: CONTROL, tell: (message: SupervisorMessage) => this.#control.tell(message) } satisfies Member,
      restoreSettings: () => this.#restore(of.accepted),
      warm: () => this.#upgrader.moved(),
      stirred: () => this.#watch.stirred(),
      ready: (generation, slot) => this.#carrierReady(generation, slot),
      died: (generation, slot, death) => this.#carrierDied(generation, slot, death),
      late: (taking) => this.#takenLate(taking),
    });
  }

  #tunnelsOf(generation: Generation): number {
    const rows = readRows(ledgerFile(this.#options.plan.runtime));
    return generation.slots.reduce((sum, _, slot) => sum + (rows[generation.rowOf(slot)]?.tunnels ?? 0), 0);
  }

  #raise({ version, launch, policyVersion, preparedSettings }: UpgradePlan): Generation {
    const { runtime } = this.#options.plan;
    const firstRow = this.#freeRows();
    const number = nextGeneration(runtime);
    const accepted = acceptedFor(runtime, number, preparedSettings);
    const generation = this.#createGeneration({ number, launch, version, policyVersion, accepted, isRising: true, firstRow });
    this.#others.add(generation);
    return generation;
  }

  #takeOver(generation: Generation, plan: UpgradePlan): number {
    const before = this.#current;
    this.#others.delete(generation);
    generation.takeOver();
    this.#current = generation;
    this.#retired = [before, ...this.#retired];
    const isInPlace = before.launch.root === generation.launch.root;
    this.#previous = isInPlace ? null : { root: before.launch.root, version: before.version };
    this.#reloader.replaced(plan);
    this.#take(plan);
    const deadlineAtMs = this.#retireAll();
    this.#control.replace(generation.launch);
    this.#sweepGone(before);
    return deadlineAtMs;
  }

  /** Every generation but the current one closes what it could not hand over: together at the node's rate. */
  #retireAll(): number {
    const { drain, capacity } = this.#live;
    const rate = drain.rate / capacity.carriers / Math.max(1, this.#retired.length);
    return Math.max(0, ...this.#retired.map((generation) => generation.retire(this.#current.number, rate, drain.deadlineMs)));
  }

  #abandon(generation: Generation): void {
    this.#others.delete(generation);
    this.#retired = [generation, ...this.#retired];
    this.#retireAll();
    this.#sweepGone(generation);
  }

  /** The first of rows in the ledger, one for each carrier, that no living generation has. Throws where there are none. */
  #freeRows(): number {
    const { carriers } = this.#options.plan;
    const taken = new Set(this.#generations().map((generation) => generation.rowOf(0)));
    for (let block = 0; block < GENERATIONS_MAX; block += 1) if (!taken.has(block * carriers)) return block * carriers;
    throw new Error('a generation that was given up has not ended yet: try again in a few seconds');
  }

  #sweepGone(generation: Generation): void {
    if (generation === this.#current || generation.isAlive) return;
    const wasHere = this.#retired.includes(generation) || this.#others.has(generation);
    this.#retired = this.#retired.filter((other) => other !== generation);
    this.#others.delete(generation);
    generation.accepted.remove();
    if (!wasHere || this.#isStopping) return;
    this.#options.log.write('info', 'generation-ended', { generation: generation.number, version: generation.version });
    if (this.#retired.length > 0) this.#retireAll();
  }

  #keepers(): Keeper[] {
    return [...this.#generations().flatMap(({ slots }) => slots.map(({ keeper }) => keeper)), ...this.#control.keepers];
  }

  #carrierReady(generation: Generation, slot: number): void {
    const { log } = this.#options;
    const { number } = generation;
    log.write('info', 'carrier-ready', { carrier: slot, generation: number });
    this.#upgrader.moved();
    if (this.#hasServed || !generation.isEvery('ready')) return;
    this.#hasServed = true;
    log.write('info', 'node-ready', { generation: number, carriers: generation.slots.length });
    this.#options.service?.serves();
  }

  #carrierDied(generation: Generation, slot: number, death: Death): void {
    const { plan, log } = this.#options;
    const row = generation.rowOf(slot);
    let tunnels: number | null = null;
    try {
      tunnels = readRows(ledgerFile(plan.runtime))[row]?.tunnels ?? null;
      clearRow(ledgerFile(plan.runtime), row);
    } catch (error) {
      log.write('error', 'ledger-failed', { carrier: slot, error: (error as Error).message });
    }
    const isMeant = this.#isStopping || generation.state !== 'current';
    const about = { carrier: slot, generation: generation.number };
    if (isMeant && death.cause === null && death.code === 0) log.write('info', 'carrier-ended', about);
    else log.write('error', 'carrier-died', { ...about, ...deathFields(death), tunnels });
    this.#upgrader.died(generation, slot, death);
    if (generation === this.#current) this.#giveUpIfHopeless(death);
    this.#sweepGone(generation);
    this.#endIfDone();
  }

  #controlDied(death: Death): void {
    this.#current.handOut.died(CONTROL);
    const isMeant = this.#isStopping || (death.cause === null && death.code === EXIT.ok);
    if (!isMeant) this.#options.log.write('error', 'control-died', deathFields(death));
    this.#giveUpIfHopeless(death);
    this.#endIfDone();
  }

  /** A child that says by its exit code that it cannot run here will say so for ever. Once the node has served, it goes on trying. */
  #giveUpIfHopeless({ code }: Death): void {
    if (this.#hasServed || this.#isStopping || (code !== EXIT.usage && code !== EXIT.unavailable)) return;
    this.#exitCode = code;
    this.stop('a child cannot start');
  }

  /** Control outlives the carriers, so that health and metrics answer to the end. */
  #endIfDone(): void {
    const { log, ended } = this.#options;
    if (!this.#isStopping || this.#hasEnded || this.#generations().some(({ isAlive }) => isAlive)) return;
    if (this.#control.isAlive) return this.#control.stop();
    this.#hasEnded = true;
    this.#watch.stop();
    for (const sockets of this.#sockets) sockets.close();
    log.write('info', 'node-ended', { code: this.#exitCode });
    ended(this.#exitCode);
  }
}

/** Of an installation whose code runs in this node: the files may be others by now. */
function commandOf({ node, entry, controlFlags }: Launch): readonly [string, ...string[]] {
  return [node, ...controlFlags, entry];
}

function deathFields({ pid, code, signal, cause, error }: Death): Record<string, unknown> {
  return { pid, code, signal, cause, ...(error === null ? {} : { error }) };
}
