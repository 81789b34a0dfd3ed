// One carrier slot of one generation. Its listening sockets outlive its carriers, and its generation, so that what is queued while one is replaced
// is served by the next. A slot that nobody serves for too long lets go of them, because clients in its queue would wait in silence; new ones wait
// for the next.

import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import type { RetireMessage, SlotView, StagingAnswer, SurveyAnswer } from '../core/supervision.ts';
import { Keeper } from './keeper.ts';
import type { Death } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import type { SlotSockets } from './listen-sockets.ts';
import { runDelayMs } from './run-delay.ts';

/** How long clients may wait in a queue that nobody serves; the socket's own time for one SYN that is not answered is about as long. */
export const UNSERVED_MS = 3_000;

export interface CarrierSlotOptions {
  readonly slot: number;
  readonly row: number;
  readonly clock: Clock;
  readonly log: LineLog;
  readonly firstStartMs: number;
  /** Those of the same slot in every generation. */
  readonly sockets: SharedSockets;
  /** Whether this generation is the one that serves them: the others', which rise or are retired, are not waited for in their queue. */
  isServing(): boolean;
  /** Starts a carrier that inherits these descriptors. */
  spawn(fds: readonly number[]): ChildProcess;
  warm(): void;
  ready(policyVersion: string): void;
  answered(answer: StagingAnswer): void;
  surveyed(answer: SurveyAnswer): void;
  /** As of its keeper. */
  stirred(): void;
  /** The carrier is gone and is not counted any more. */
  died(death: Death): void;
}

/** The listening sockets of a slot, whoever serves it. */
export class SharedSockets {
  readonly #bind: () => SlotSockets;
  #sockets: SlotSockets | null = null;

  /** `bind` may throw a BindFailure. */
  constructor(bind: () => SlotSockets) {
    this.#bind = bind;
  }

  get areOpen(): boolean {
    return this.#sockets !== null;
  }

  /** To be inherited. */
  fds(): number[] {
    this.#sockets ??= this.#bind();
    return this.#sockets.fds();
  }

  close(): void {
    this.#sockets?.close();
    this.#sockets = null;
  }
}

export class CarrierSlot {
  readonly keeper: Keeper;
  readonly #options: CarrierSlotOptions;
  /** A carrier that is gone had these sockets, so they may have a queue. */
  #areUsed = false;
  /** A carrier was ready on these sockets. */
  #haveServed = false;
  #unservedSinceMs: number;

  constructor(options: CarrierSlotOptions) {
    this.#options = options;
    this.#unservedSinceMs = options.clock.nowMs();
    this.keeper = new Keeper({
      clock: options.clock,
      firstStartMs: options.firstStartMs,
      runDelayMs,
      launch: () => this.#launch(),
      warm: options.warm,
      ready: (policyVersion) => {
        this.#haveServed = true;
        options.ready(policyVersion);
      },
      answered: options.answered,
      surveyed: options.surveyed,
      stirred: options.stirred,
      full: () => this.#letGo('full'),
      room: () => options.log.write('info', 'slot-listens-again', { carrier: options.slot }),
      said: (text) => options.log.write('error', 'child-stderr', { carrier: options.slot, text }),
      died: (death) => this.#died(death),
    });
  }

  view(): Omit<SlotView, 'policyVersion' | 'generation'> {
    return { slot: this.#options.slot, row: this.#options.row, word: this.keeper.word, ...this.keeper.view() };
  }

  watch(late: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    if (late) this.#unservedSinceMs = Math.max(this.#unservedSinceMs, nowMs - UNSERVED_MS / 2);
    this.keeper.watch(late);
    const { state } = this.keeper;
    if (state !== 'starting' && state !== 'down') return;
    // A carrier that is still starting holds the same sockets, and with them the queue.
    if (this.#letGoIfUnserved()) this.keeper.kill('too-slow');
  }

  /** The sockets are another generation's from now on. */
  retire(message: RetireMessage, graceMs: number): void {
    this.keeper.retire(message, graceMs);
  }

  #launch(): ChildProcess {
    const { sockets, spawn } = this.#options;
    if (!sockets.areOpen) {
      this.#areUsed = false;
      this.#haveServed = false;
    }
    return spawn(sockets.fds());
  }

  #letGoIfUnserved(): boolean {
    const { clock, sockets, isServing } = this.#options;
    const isUnserved = clock.nowMs() - this.#unservedSinceMs >= UNSERVED_MS;
    if (!isServing() || !sockets.areOpen || !this.#areUsed || !isUnserved) return false;
    this.#letGo('unserved');
    return true;
  }

  #letGo(why: 'full' | 'unserved'): void {
    this.#options.sockets.close();
    if (this.#haveServed) this.#options.log.write('warn', 'slot-closed', { carrier: this.#options.slot, why });
  }

  #died(death: Death): void {
    this.#areUsed = true;
    if (death.wasReady) this.#unservedSinceMs = this.#options.clock.nowMs();
    this.#letGoIfUnserved();
    this.#options.died(death);
  }
}
