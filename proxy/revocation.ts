// What becomes of open tunnels when a configuration is taken that would not let them in: they are found, a little at a time, and closed at the pace
// of a drain, the oldest first.

import type { Cancel, Clock } from './core/clock.ts';
import { Pace } from './core/pace.ts';
import type { OpenSession } from './core/ports.ts';
import type { RevokedGroup, RevokedReason, TunnelSurvey } from './core/revoked.ts';

/** Sessions that are judged in one turn of the event loop: a millisecond or two. */
const JUDGED_AT_ONCE = 1_000;
/** What was being opened, or on its way here from another carrier, while the configuration was taken is a tunnel by then, or nothing. */
const LOOK_AGAIN_MS = 20_000;
const HELD_MS = 1_000;
/** Groups of a survey: enough to see what is wrong, and an answer of a few tens of kilobytes. */
export const GROUPS_MAX = 200;

export interface RevocationDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** All open ones, in any order. */
  sessions(): OpenSession[];
  /** By the configuration of now; null where it is still allowed. */
  whyRevoked(session: OpenSession): RevokedReason | null;
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

  /** Which there are by another configuration, and why; nothing is closed. */
  async survey(whyRevoked: (session: OpenSession) => RevokedReason | null): Promise<TunnelSurvey> {
    const groups = new Map<string, RevokedGroup>();
    let tunnels = 0;
    let revoked = 0;
    await this.#each((session) => {
      tunnels += 1;
      const reason = whyRevoked(session);
      if (reason === null) return;
      revoked += 1;
      const { tenant, target_host: host, target_port: port } = session.record;
      const target = host === null ? null : `${host}:${port}`;
      const key = `${reason} ${tenant} ${target}`;
      groups.set(key, { reason, tenant, target, tunnels: (groups.get(key)?.tunnels ?? 0) + 1 });
    });
    const largest = [...groups.values()].toSorted((a, b) => b.tunnels - a.tunnels).slice(0, GROUPS_MAX);
    return { tunnels, revoked, groups: largest };
  }

  stop(): void {
    this.#turn += 1;
    this.#revoked = [];
    this.#cancelClose();
    this.#cancelLook();
  }

  async #look(): Promise<void> {
    const turn = ++this.#turn;
    const { rate, found, whyRevoked } = this.#deps;
    if (rate() === null) return;
    const revoked: OpenSession[] = [];
    const isWhole = await this.#each(
      (session) => whyRevoked(session) !== null && revoked.push(session),
      () => turn === this.#turn,
    );
    if (!isWhole) return;
    if (revoked.length > 0) found(revoked.length);
    this.#revoked = revoked.toSorted((a, b) => a.startMs - b.startMs);
    this.#cancelClose();
    this.#closeNext();
  }

  /** A slice at a time; false where it was not to go on. */
  async #each(look: (session: OpenSession) => void, goesOn: () => boolean = () => true): Promise<boolean> {
    const all = this.#deps.sessions();
    for (let from = 0; from < all.length; from += JUDGED_AT_ONCE) {
      for (const session of all.slice(from, from + JUDGED_AT_ONCE)) if (!session.isOver) look(session);
      await new Promise<void>((resolve) => this.#deps.clock.after(0, resolve));
      if (!goesOn()) return false;
    }
    return true;
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
