// One carrier slot: its listening sockets outlive its carriers, so that what is queued while one is replaced is served by the next. A slot
// that nobody serves for too long lets go of its sockets, because clients in its queue would wait in silence; new ones wait for the next.

import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../core/clock.ts';
import type { SlotView, StagingAnswer } from '../core/supervision.ts';
import { Keeper } from './keeper.ts';
import type { Death } from './keeper.ts';
import type { LineLog } from './line-log.ts';
import type { SlotSockets } from './listen-sockets.ts';

/** How long clients may wait in a queue that nobody serves; the socket's own time for one SYN that is not answered is about as long. */
export const UNSERVED_MS = 3_000;

export interface CarrierSlotOptions {
  readonly slot: number;
  readonly row: number;
  readonly clock: Clock;
  readonly log: LineLog;
  bind(): SlotSockets;
  /** Starts a carrier that inherits these descriptors. */
  spawn(fds: readonly number[]): ChildProcess;
  ready(policyVersion: string): void;
  answered(answer: StagingAnswer): void;
  /** The carrier is gone and is not counted any more. */
  died(death: Death): void;
}

export class CarrierSlot {
  readonly keeper: Keeper;
  readonly #options: CarrierSlotOptions;
  #sockets: SlotSockets | null = null;
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
      launch: () => this.#launch(),
      ready: (policyVersion) => {
        this.#haveServed = true;
        options.ready(policyVersion);
      },
      answered: options.answered,
      full: () => this.#letGo('full'),
      room: () => options.log.write('info', 'slot-listens-again', { carrier: options.slot }),
      said: (text) => options.log.write('error', 'child-stderr', { carrier: options.slot, text }),
      died: (death) => this.#died(death),
    });
  }

  /** Binds without starting a carrier, so that a node whose addresses cannot be bound ends before it has begun. */
  bindFirst(): void {
    this.#sockets = this.#options.bind();
  }

  view(): Omit<SlotView, 'policyVersion'> {
    return { slot: this.#options.slot, row: this.#options.row, ...this.keeper.view() };
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

  close(): void {
    this.#sockets?.close();
    this.#sockets = null;
  }

  #launch(): ChildProcess {
    if (!this.#sockets) {
      this.#sockets = this.#options.bind();
      this.#areUsed = false;
      this.#haveServed = false;
    }
    return this.#options.spawn(this.#sockets.fds());
  }

  #letGoIfUnserved(): boolean {
    const isUnserved = this.#options.clock.nowMs() - this.#unservedSinceMs >= UNSERVED_MS;
    if (!this.#sockets || !this.#areUsed || !isUnserved) return false;
    this.#letGo('unserved');
    return true;
  }

  #letGo(why: 'full' | 'unserved'): void {
    this.close();
    if (this.#haveServed) this.#options.log.write('warn', 'slot-closed', { carrier: this.#options.slot, why });
  }

  #died(death: Death): void {
    this.#areUsed = true;
    if (death.wasReady) this.#unservedSinceMs = this.#options.clock.nowMs();
    this.#letGoIfUnserved();
    this.#options.died(death);
  }
}
