// What becomes of open tunnels when a configuration is taken that would not let them in: they are found, a little at a time, and closed at the pace
// of a drain, the oldest first.

import type { Cancel, Clock } from './core/clock.ts';
import { Pace } from './core/pace.ts';
import type { OpenSession } from './core/ports.ts';

/** Sessions that are judged in one turn of the event loop: a millisecond or two. */
const JUDGED_AT_ONCE = 1_000;
/** What was being opened, or on its way here from another carrier, while the configuration was taken is a tunnel by then, or nothing. */
const LOOK_AGAIN_MS = 20_000;
const HELD_MS = 1_000;

export interface RevocationDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** All open ones, in any order. */
  sessions(): OpenSession[];
  /** By the configuration of now. */
  isStillAllowed(session: OpenSession): boolean;
  /** Tunnels a second, of this carrier; null where they are kept to their end. */
  rate(): number | null;
  /** Somebody closes all of them anyway. */
  isHeld(): boolean;
  found(count: number): void;
}

export class Revocation {
  readonly #deps: RevocationDeps;
  readonly #pace: Pace;
  #turn = 0;
  /** Oldest first. */
  #revoked: OpenSession[] = [];
  #cancelClose: Cancel = () => {};
  #cancelLook: Cancel = () => {};

  constructor(deps: RevocationDeps) {
    this.#deps = deps;
    this.#pace = new Pace(1, deps.random);
  }

  /** Another configuration is in use. Whoever it lets in again is spared. */
  changed(): void {
    const { clock } = this.#deps;
    this.stop();
    void this.#look();
    this.#cancelLook = clock.after(LOOK_AGAIN_MS, () => void this.#look());
  }

  /** How many there are by another configuration; nothing is closed. */
  async count(isStillAllowed: (session: OpenSession) => boolean): Promise<number> {
    return (await this.#find(isStillAllowed, () => true))?.length ?? 0;
  }

  stop(): void {
    this.#turn += 1;
    this.#revoked = [];
    this.#cancelClose();
    this.#cancelLook();
  }

  async #look(): Promise<void> {
    const turn = ++this.#turn;
    const { rate, found, isStillAllowed } = this.#deps;
    if (rate() === null) return;
    const revoked = await this.#find(isStillAllowed, () => turn === this.#turn);
    if (revoked === null) return;
    if (revoked.length > 0) found(revoked.length);
    this.#revoked = revoked.toSorted((a, b) => a.startMs - b.startMs);
    this.#cancelClose();
    this.#closeNext();
  }

  /** Null where another look has begun meanwhile. */
  async #find(isStillAllowed: (session: OpenSession) => boolean, goesOn: () => boolean): Promise<OpenSession[] | null> {
    const all = this.#deps.sessions();
    const found: OpenSession[] = [];
    for (let from = 0; from < all.length; from += JUDGED_AT_ONCE) {
      for (const session of all.slice(from, from + JUDGED_AT_ONCE)) if (!session.isOver && !isStillAllowed(session)) found.push(session);
      await new Promise<void>((resolve) => this.#deps.clock.after(0, resolve));
      if (!goesOn()) return null;
    }
    return found;
  }

  #closeNext(): void {
    const { clock, rate, isHeld } = this.#deps;
    const perSecond = rate();
    if (this.#revoked.length === 0 || perSecond === null) return;
    if (isHeld()) {
      this.#cancelClose = clock.after(HELD_MS, () => this.#closeNext());
      return;
    }
    this.#pace.rate = perSecond;
    const nowMs = clock.nowMs();
    this.#cancelClose = clock.after(this.#pace.next(nowMs) - nowMs, () => {
      this.#close();
      this.#closeNext();
    });
  }

  #close(): void {
    let left = this.#pace.atOnce;
    let looked = 0;
    for (const session of this.#revoked) {
      if (left === 0) break;
      looked += 1;
      if (session.isOver || !session.close('policy')) continue;
      this.#pace.closed(this.#deps.clock.nowMs());
      left -= 1;
    }
    this.#revoked.splice(0, looked);
  }
}
