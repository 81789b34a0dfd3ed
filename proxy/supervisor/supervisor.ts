// Holds a node's listening sockets, and keeps its carriers and its control alive. Reads nothing from the wire, has no dependency, and decides
// nothing about a connection: so small that it need not change when they do.

import type { Cancel, Clock } from '../core/clock.ts';
import { ledgerFile, settingsFile } from '../core/runtime-files.ts';
import type { ReloadResult, SupervisorMessage, SupervisorView, Taking } from '../core/supervision.ts';
import { clearRow, readRows } from '../limits/ledger-file.ts';
import { CarrierSlot } from './carrier-slot.ts';
import { HandOut, type Member } from './hand-out.ts';
import { Keeper } from './keeper.ts';
import type { Death } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import { SlotSockets } from './listen-sockets.ts';
import { EXIT } from './plan.ts';
import type { LivePlan, ServePlan } from './plan.ts';
import { prepareReload } from './prepare-child.ts';
import { Reloader } from './reloader.ts';
import type { AcceptedSettings } from './runtime-folder.ts';
import { spawnCarrier, spawnControl } from './spawn-role.ts';

const WATCH_MS = 250;
/** A watch that comes so late means that we were stopped ourselves: what the children said meanwhile is not read yet. */
const LATE_MS = 1_000;
/** What a child gets beyond its deadline before it is killed. */
const STOP_GRACE_MS = 2_000;
const CONTROL_STOP_MS = 1_000;

/** The current generation, two retired ones and one that is about to take over: each carrier of each has a row in the ledger. */
export const GENERATIONS_MAX = 4;

const CONTROL = 'control';
const carrierName = (slot: number): string => `carrier ${slot}`;

export interface SupervisorOptions {
  /** With the addresses as they are bound: no port is 0. */
  readonly plan: ServePlan;
  readonly generation: number;
  readonly accepted: AcceptedSettings;
  /** The script that knows the roles `carrier` and `control`. */
  readonly entry: string;
  readonly clock: Clock;
  readonly log: LineLog;
  /** The node has ended; the code is the process's. */
  ended(code: number): void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #startedMs: number;
  readonly #slots: readonly CarrierSlot[];
  readonly #control: Keeper;
  readonly #handOut: HandOut;
  readonly #reloader: Reloader;
  /** What changes while the node lives. */
  #live: LivePlan;
  #watchedMs = 0;
  #cancelWatch: Cancel = () => {};
  #hasServed = false;
  #isStopping = false;
  #hasEnded = false;
  #exitCode: number = EXIT.ok;

  constructor(options: SupervisorOptions) {
    const { plan, clock, log, entry } = options;
    this.#options = options;
    this.#live = plan;
    this.#startedMs = clock.wallMs();
    this.#slots = Array.from({ length: plan.carriers }, (_, slot) => this.#createSlot(slot));
    this.#control = new Keeper({
      clock,
      launch: () => {
        this.#restoreSettings();
        return spawnControl(entry, plan.runtime, options.generation);
      },
      ready: (policyVersion) => {
        log.write('info', 'control-ready');
        this.#handOut.ready(CONTROL, policyVersion);
      },
      answered: (answer) => this.#handOut.answered(CONTROL, answer),
      full: () => {},
      room: () => {},
      said: (text) => log.write('error', 'child-stderr', { role: 'control', text }),
      died: (death) => this.#controlDied(death),
    });
    this.#handOut = new HandOut({
      clock,
      carriers: this.#slots.map(({ keeper }, slot) => memberOf(carrierName(slot), keeper)),
      control: memberOf(CONTROL, this.#control),
      settingsFile: settingsFile(plan.runtime),
      policyVersion: plan.policyVersion,
      late: (taking) => this.#takenLate(taking),
    });
    this.#reloader = new Reloader({
      clock,
      log,
      handOut: this.#handOut,
      accepted: options.accepted,
      file: plan.file,
      files: plan.files,
      policyVersion: plan.policyVersion,
      version: plan.version,
      read: () => prepareReload({ entry, configFile: plan.file, runtime: plan.runtime, clock }),
      take: (live) => this.#take(live),
    });
  }

  /** Throws a BindFailure before anything is started. */
  start(): void {
    const { plan, generation, clock, log } = this.#options;
    try {
      for (const slot of this.#slots) slot.bindFirst();
    } catch (error) {
      for (const slot of this.#slots) slot.close();
      throw error;
    }
    log.write('info', 'node-starting', { generation, pid: process.pid, listeners: plan.listeners, health: plan.health, admin: plan.admin });
    this.#sayCapacity();
    log.write('info', 'relay', { ...plan.relay });
    this.#sayWarnings();

    for (const slot of this.#slots) slot.keeper.start();
    this.#control.start();
    this.#watchedMs = clock.nowMs();
    this.#cancelWatch = clock.every(WATCH_MS, () => this.#watch());
    this.#reloader.start();
  }

  /** Takes the configuration file as it is now, where it is good. `by` says who wants it; resolves with what came of it. */
  reload(by: string): Promise<ReloadResult> {
    return this.#reloader.request(by);
  }

  get isReloading(): boolean {
    return this.#reloader.isUnderWay;
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
    log.write('info', 'node-stopping', { why, stop_ms: stopMs });
    this.#reloader.stop();
    for (const slot of this.#slots) slot.keeper.stop(stopMs, STOP_GRACE_MS);
    this.#endIfDone();
  }

  /** Everybody goes on in a new log file of the same name. */
  reopen(): void {
    this.#options.log.reopen();
    for (const keeper of this.#keepers()) keeper.tell({ type: 'reopen' });
  }

  view(): SupervisorView {
    const { plan, generation } = this.#options;
    return {
      pid: process.pid,
      node: this.#live.node,
      version: plan.version,
      generation,
      startedMs: this.#startedMs,
      stopping: this.#isStopping,
      listeners: plan.listeners,
      health: plan.health,
      admin: plan.admin,
      slots: this.#slots.map((slot, index) => ({ ...slot.view(), policyVersion: this.#handOut.versionOf(carrierName(index)) })),
      control: { ...this.#control.view(), policyVersion: this.#handOut.versionOf(CONTROL) },
      capacity: this.#live.capacity,
      configuration: this.#reloader.view(),
    };
  }

  #take(live: LivePlan): void {
    const before = this.#live;
    this.#live = live;
    if (JSON.stringify(before.capacity) !== JSON.stringify(live.capacity)) this.#sayCapacity();
    this.#sayWarnings();
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
  #restoreSettings(): void {
    const { log, accepted } = this.#options;
    try {
      if (accepted.restore()) log.write('warn', 'settings-restored');
    } catch (error) {
      log.write('error', 'settings-lost', { error: (error as Error).message });
    }
  }

  #createSlot(slot: number): CarrierSlot {
    const { plan, clock, log, entry, generation } = this.#options;
    const row = (generation % GENERATIONS_MAX) * plan.carriers + slot;
    return new CarrierSlot({
      slot,
      row,
      clock,
      log,
      bind: () => new SlotSockets(plan.listeners),
      spawn: (fds) => {
        this.#restoreSettings();
        return spawnCarrier(entry, { runtime: plan.runtime, slot, generation, row }, fds);
      },
      ready: (policyVersion) => {
        this.#carrierReady(slot);
        this.#handOut.ready(carrierName(slot), policyVersion);
      },
      answered: (answer) => this.#handOut.answered(carrierName(slot), answer),
      died: (death) => this.#carrierDied(slot, row, death),
    });
  }

  #keepers(): Keeper[] {
    return [...this.#slots.map((slot) => slot.keeper), this.#control];
  }

  #watch(): void {
    const nowMs = this.#options.clock.nowMs();
    const late = nowMs - this.#watchedMs >= WATCH_MS + LATE_MS;
    this.#watchedMs = nowMs;
    for (const slot of this.#slots) slot.watch(late);
    this.#control.watch(late);
  }

  #carrierReady(slot: number): void {
    const { log, generation } = this.#options;
    log.write('info', 'carrier-ready', { carrier: slot, generation });
    if (this.#hasServed || !this.#slots.every((other) => other.keeper.state === 'ready')) return;
    this.#hasServed = true;
    log.write('info', 'node-ready', { generation, carriers: this.#slots.length });
  }

  #carrierDied(slot: number, row: number, death: Death): void {
    const { plan, log, generation } = this.#options;
    this.#handOut.died(carrierName(slot));
    let tunnels: number | null = null;
    try {
      tunnels = readRows(ledgerFile(plan.runtime))[row]?.tunnels ?? null;
      clearRow(ledgerFile(plan.runtime), row);
    } catch (error) {
      log.write('error', 'ledger-failed', { carrier: slot, error: (error as Error).message });
    }
    if (this.#isStopping && death.cause === null && death.code === 0) log.write('info', 'carrier-ended', { carrier: slot, generation });
    else log.write('error', 'carrier-died', { carrier: slot, generation, ...deathFields(death), tunnels });
    this.#giveUpIfHopeless(death);
    this.#endIfDone();
  }

  #controlDied(death: Death): void {
    const { log } = this.#options;
    this.#handOut.died(CONTROL);
    if (!this.#isStopping) log.write('error', 'control-died', deathFields(death));
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
    if (!this.#isStopping || this.#hasEnded || this.#slots.some((slot) => slot.keeper.isAlive)) return;
    if (this.#control.isAlive) {
      if (this.#control.state !== 'stopping') this.#control.stop(CONTROL_STOP_MS, CONTROL_STOP_MS);
      return;
    }
    this.#hasEnded = true;
    this.#cancelWatch();
    for (const slot of this.#slots) slot.close();
    log.write('info', 'node-ended', { code: this.#exitCode });
    ended(this.#exitCode);
  }
}

function deathFields({ pid, code, signal, cause, error }: Death): Record<string, unknown> {
  return { pid, code, signal, cause, ...(error === null ? {} : { error }) };
}

function memberOf(who: string, keeper: Keeper): Member {
  return { who, tell: (message: SupervisorMessage) => keeper.tell(message) };
}
