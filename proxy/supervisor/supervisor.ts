// Holds a node's listening sockets, and keeps its carriers and its control alive. Reads nothing from the wire, has no dependency, and decides
// nothing about a connection: so small that it need not change when they do.

import type { Cancel, Clock } from '../core/clock.ts';
import { ledgerFile } from '../core/runtime-files.ts';
import type { SupervisorView } from '../core/supervision.ts';
import { clearRow, readRows } from '../limits/ledger-file.ts';
import { CarrierSlot } from './carrier-slot.ts';
import { Keeper } from './keeper.ts';
import type { Death } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import { SlotSockets } from './listen-sockets.ts';
import { EXIT } from './plan.ts';
import type { ServePlan } from './plan.ts';
import { spawnCarrier, spawnControl } from './spawn-role.ts';

const WATCH_MS = 250;
/** A watch that comes so late means that we were stopped ourselves: what the children said meanwhile is not read yet. */
const LATE_MS = 1_000;
/** What a child gets beyond its deadline before it is killed. */
const STOP_GRACE_MS = 2_000;
const CONTROL_STOP_MS = 1_000;

/** The current generation, two retired ones and one that is about to take over: each carrier of each has a row in the ledger. */
export const GENERATIONS_MAX = 4;

export interface SupervisorOptions {
  /** With the addresses as they are bound: no port is 0. */
  readonly plan: ServePlan;
  readonly generation: number;
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
  #watchedMs = 0;
  #cancelWatch: Cancel = () => {};
  #hasServed = false;
  #isStopping = false;
  #hasEnded = false;
  #exitCode: number = EXIT.ok;

  constructor(options: SupervisorOptions) {
    const { plan, clock, log, entry } = options;
    this.#options = options;
    this.#startedMs = clock.wallMs();
    this.#slots = Array.from({ length: plan.carriers }, (_, slot) => this.#createSlot(slot));
    this.#control = new Keeper({
      clock,
      launch: () => spawnControl(entry, plan.runtime, options.generation),
      ready: () => log.write('info', 'control-ready'),
      full: () => {},
      room: () => {},
      said: (text) => log.write('error', 'child-stderr', { role: 'control', text }),
      died: (death) => this.#controlDied(death),
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
    log.write(plan.capacity.binds === 'descriptors' ? 'warn' : 'info', 'capacity', { ...plan.capacity });
    log.write('info', 'relay', { ...plan.relay });
    for (const message of plan.warnings) log.write('warn', 'configuration-warning', { message });

    for (const slot of this.#slots) slot.keeper.start();
    this.#control.start();
    this.#watchedMs = clock.nowMs();
    this.#cancelWatch = clock.every(WATCH_MS, () => this.#watch());
  }

  /** Asks everybody to end within `drain.stop`; asked again, ends them at once. */
  stop(why: string): void {
    const { plan, log } = this.#options;
    if (this.#isStopping) {
      log.write('warn', 'node-killed', { why });
      for (const keeper of this.#keepers()) keeper.kill('second-signal');
      return;
    }
    this.#isStopping = true;
    log.write('info', 'node-stopping', { why, stop_ms: plan.stopMs });
    for (const slot of this.#slots) slot.keeper.stop(plan.stopMs, STOP_GRACE_MS);
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
      node: plan.node,
      version: plan.version,
      generation,
      startedMs: this.#startedMs,
      stopping: this.#isStopping,
      listeners: plan.listeners,
      health: plan.health,
      admin: plan.admin,
      slots: this.#slots.map((slot) => slot.view()),
      control: this.#control.view(),
      capacity: plan.capacity,
    };
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
      spawn: (fds) => spawnCarrier(entry, { runtime: plan.runtime, slot, generation, row }, fds),
      ready: () => this.#carrierReady(slot),
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
