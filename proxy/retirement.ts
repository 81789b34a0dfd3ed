// A carrier whose generation another one has taken over from: it hands over what can be handed over, again and again until nothing more can be,
// closes the rest at the pace that it was told, and is over when nothing is left.

import type { Cancel, Clock } from './core/clock.ts';
import type { Moving, MoveView } from './core/move.ts';
import { Pace } from './core/pace.ts';
import type { SessionView } from './core/ports.ts';
import type { RetireMessage } from './core/supervision.ts';

const TICK_MS = 100;
/** Between two moves: what was being opened during the one before has become a tunnel, or nothing, by then. */
const MOVE_AGAIN_MS = 1_000;
/** A carrier that died is there again long before. */
const PATIENCE_MS = 30_000;
/** A pace above the told one is kept only as far as the deadline needs it, and this share of the time is for sockets that are slow to close. */
const PACE_SHARE = 0.8;

export interface RetirementDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly sessions: Pick<SessionView, 'tunnels' | 'pending' | 'closeSome'>;
  readonly mover: Moving;
  /** Somebody drains the node: then one pace is kept for all generations, and it is not ours. */
  isDrained(): boolean;
}

export class Retirement {
  readonly #deps: RetirementDeps;
  readonly #over = Promise.withResolvers<void>();
  #told: { readonly message: RetireMessage; readonly endMs: number } | null = null;
  #cancel: Cancel = () => {};
  #moveAtMs = -Infinity;
  /** One move has looked at everything: what is left stays here. */
  #hasLooked = false;
  #patientUntilMs = 0;
  #tickedMs = 0;
  /** Connections that were being opened when the last move began. */
  #opening = 0;
  readonly #pace: Pace;
  #cancelClose: Cancel = () => {};

  constructor(deps: RetirementDeps) {
    this.#deps = deps;
    this.#pace = new Pace(1, deps.random);
  }

  /** Resolves when nothing is left; never where it has not begun. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get hasBegun(): boolean {
    return this.#told !== null;
  }

  /** Begins, or goes on by other numbers. */
  take(message: RetireMessage): void {
    const { clock } = this.#deps;
    const nowMs = clock.nowMs();
    const isFirst = this.#told === null;
    if (message.heir !== this.#told?.message.heir) {
      this.#hasLooked = false;
      this.#patientUntilMs = nowMs + PATIENCE_MS;
    }
    this.#told = { message, endMs: nowMs + message.deadlineMs };
    this.#pace.rate = this.#rate();
    if (!isFirst) return;
    this.#tickedMs = nowMs;
    this.#cancel = clock.every(TICK_MS, () => this.#tick());
    this.#tick();
    this.#closeNext();
  }

  /** The node stops: who closes what is left, and when, is another matter from now on. */
  stop(): void {
    this.#cancel();
    this.#cancelClose();
  }

  #tick(): void {
    const { clock, sessions, isDrained } = this.#deps;
    if (this.#told === null) return;
    const nowMs = clock.nowMs();
    // A drain has a deadline of its own, and may be paused: what it takes is not taken from this one.
    if (isDrained()) this.#told = { ...this.#told, endMs: this.#told.endMs + nowMs - this.#tickedMs };
    this.#tickedMs = nowMs;
    if (sessions.tunnels() + sessions.pending() === 0) return this.#end();
    this.#move(nowMs, this.#told.message.heir);
    if (nowMs >= this.#told.endMs) sessions.closeSome(Infinity, 'drain');
  }

  #end(): void {
    const { mover } = this.#deps;
    // What is on its way has to be answered yet.
    if (mover.view()?.isOver === false) return;
    this.stop();
    this.#over.resolve();
  }

  #move(nowMs: number, heir: number): void {
    const { mover, sessions } = this.#deps;
    const last = mover.view();
    if (last && !last.isOver) return;
    if (last?.to === heir) {
      // Whoever takes them may only be away for a moment; not for ever, or nothing would be left but the deadline.
      this.#hasLooked = !('no-receiver' in last.stayed) || nowMs >= this.#patientUntilMs;
      // Nothing of what is left will ever move: another look would find the same, each second for as long as it is held.
      if (this.#opening + sessions.pending() === 0 && isAllBound(last, sessions.tunnels())) return;
    }
    if (nowMs < this.#moveAtMs) return;
    this.#moveAtMs = nowMs + MOVE_AGAIN_MS;
    this.#opening = sessions.pending();
    mover.start(heir);
  }

  /** The moment of the next close, as long as there is one. */
  #closeNext(): void {
    const { clock, sessions } = this.#deps;
    this.#cancelClose();
    const atMs = this.#pace.next(clock.nowMs());
    this.#cancelClose = clock.after(atMs - clock.nowMs(), () => {
      if (this.#mayClose()) {
        this.#pace.rate = this.#rate();
        if (sessions.closeSome(this.#pace.atOnce, 'drain') > 0) this.#pace.closed(clock.nowMs());
      }
      this.#closeNext();
    });
  }

  /** Never what no move has looked at yet: a tunnel that was being opened when the last one began is still to be handed over. */
  #mayClose(): boolean {
    const { mover, sessions, isDrained } = this.#deps;
    return this.#hasLooked && mover.view()?.isOver === true && this.#opening + sessions.pending() === 0 && !isDrained();
  }

  /** A second; more than was told only where the deadline could not be met otherwise. */
  #rate(): number {
    const { clock, sessions } = this.#deps;
    if (this.#told === null) return 1;
    const leftMs = Math.max(1, this.#told.endMs - clock.nowMs());
    return Math.max(this.#told.message.rate, (1_000 * sessions.tunnels()) / (leftMs * PACE_SHARE));
  }
}

function isAllBound({ stayed }: MoveView, tunnels: number): boolean {
  return Object.keys(stayed).every((reason) => reason === 'bound') && tunnels <= (stayed.bound ?? 0);
}
