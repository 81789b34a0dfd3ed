// The node's control, and its succession: there is one at a time, since the health and admin addresses are one process's. Another installation's is
// made ready beside the one that serves, which ends only then, so that the addresses are silent for a moment and not for a start.

import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import type { ChildView, StagingAnswer, SupervisorMessage, SupervisorView } from '../core/supervision.ts';
import { type Death, Keeper } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import type { Launch } from './plan.ts';
import { runDelayMs } from './run-delay.ts';

export const CONTROL_STOP_MS = 1_000;
/** A successor that dies so often before it is ready is not wanted: the one before serves on. */
const TRIES = 3;

export interface ControlSeatOptions {
  readonly clock: Clock;
  readonly log: LineLog;
  readonly launch: Launch;
  /** `isRising`: it waits for `accept` before it takes the addresses. */
  spawn(launch: Launch, isRising: boolean): ChildProcess;
  ready(policyVersion: string): void;
  answered(answer: StagingAnswer): void;
  /** What it is told where it asks. */
  view(): SupervisorView;
  /** As of a keeper. */
  stirred(): void;
  /** Of the one that serves, or did; of each that is left where the node stops. */
  died(death: Death): void;
}

interface Control {
  readonly keeper: Keeper;
  readonly launch: Launch;
  /** It has been told to take the addresses. */
  hasSeat: boolean;
  isWarm: boolean;
  deaths: number;
}

export class ControlSeat {
  readonly #options: ControlSeatOptions;
  #serving: Control;
  #next: Control | null = null;
  /** Given up before it served, and not gone yet. */
  readonly #leaving = new Set<Keeper>();
  #isStopped = false;

  constructor(options: ControlSeatOptions) {
    this.#options = options;
    this.#serving = this.#create(options.launch, true);
  }

  get keepers(): Keeper[] {
    return [this.#serving.keeper, ...(this.#next ? [this.#next.keeper] : []), ...this.#leaving];
  }

  get isAlive(): boolean {
    return this.keepers.some(({ isAlive }) => isAlive);
  }

  view(): Omit<ChildView, 'policyVersion'> {
    return this.#serving.keeper.view();
  }

  start(): void {
    this.#serving.keeper.start();
  }

  watch(late: boolean): void {
    for (const keeper of this.keepers) keeper.watch(late);
  }

  /** To the one that serves. */
  tell(message: SupervisorMessage): void {
    this.#serving.keeper.tell(message);
  }

  /** Has another installation's take over, once it is ready to. */
  replace(launch: Launch): void {
    if (this.#next) this.#giveUp(this.#next);
    this.#next = this.#create(launch, false);
    this.#next.keeper.start();
  }

  stop(): void {
    this.#isStopped = true;
    for (const keeper of this.keepers) if (keeper.state !== 'stopping') keeper.stop(CONTROL_STOP_MS, CONTROL_STOP_MS);
  }

  #create(launch: Launch, hasSeat: boolean): Control {
    const { clock, log, spawn, ready, answered, view, stirred } = this.#options;
    const keeper = new Keeper({
      runDelayMs,
      clock,
      launch: () => {
        control.isWarm = false;
        return spawn(launch, !control.hasSeat);
      },
      warm: () => {
        control.isWarm = true;
        this.#makeRoom(control);
      },
      ready: (policyVersion) => {
        log.write('info', 'control-ready');
        ready(policyVersion);
      },
      answered: (answer) => void (control === this.#serving && answered(answer)),
      asked: () => keeper.tell({ type: 'view', view: view() }),
      stirred,
      full: () => {},
      room: () => {},
      said: (text) => log.write('error', 'child-stderr', { role: 'control', text }),
      died: (death) => this.#died(control, death),
    });
    const control: Control = { keeper, launch, hasSeat, isWarm: false, deaths: 0 };
    return control;
  }

  /** The one that serves ends now; its successor is let in when it is gone. */
  #makeRoom(next: Control): void {
    if (next !== this.#next || this.#isStopped) return;
    const { keeper } = this.#serving;
    keeper.stop(CONTROL_STOP_MS, CONTROL_STOP_MS);
    if (!keeper.isAlive) this.#letIn(next);
  }

  #letIn(next: Control): void {
    next.hasSeat = true;
    this.#serving = next;
    this.#next = null;
    next.keeper.tell({ type: 'accept' });
  }

  #giveUp({ keeper }: Control): void {
    keeper.stop(0, CONTROL_STOP_MS);
    if (keeper.isAlive) this.#leaving.add(keeper);
    this.#next = null;
  }

  #died(control: Control, death: Death): void {
    this.#leaving.delete(control.keeper);
    if (this.#isStopped) return this.#options.died(death);
    if (control === this.#next) return this.#tryAgain(control);
    if (control !== this.#serving) return;
    this.#options.died(death);
    // It was told to, for the one that waits; or it died by itself while that one did.
    if (this.#next?.isWarm) this.#letIn(this.#next);
  }

  /** Its keeper starts it again, unless it is given up. */
  #tryAgain(next: Control): void {
    next.isWarm = false;
    next.deaths += 1;
    // The one before ends for it, or is gone: there is nobody else.
    if (next.deaths < TRIES || this.#serving.keeper.state === 'stopping' || !this.#serving.keeper.isAlive) return;
    this.#giveUp(next);
    this.#options.log.write('error', 'control-kept', { from: this.#serving.launch.root, instead_of: next.launch.root });
  }
}
