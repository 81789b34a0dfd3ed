// The sessions that hold a tunnel's place, by tenant and oldest first: counted, looked at by operators, swept for idleness and age, closed
// on a drain.

import type { Cancel, Clock } from '../core/clock.ts';
import { HEALTH_RESERVE } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import { chooseGroup } from '../core/drain.ts';
import type { IdsClosed, SessionView, TunnelDetail, TunnelGroup, TunnelPage } from '../core/ports.ts';
import { Ages } from './ages.ts';
import type { Session } from './session.ts';

const SWEEP_MS = 1_000;
/** Whoever pages through all sessions asks again sooner than that. */
const ORDER_KEPT_MS = 2_000;

/** A connection whose request is not known yet. */
interface Pending {
  sendAway(): void;
}

export class Sessions implements SessionView {
  /** None of the sets is empty. */
  readonly #tenants = new Map<string, Set<Session>>();
  /** Told to close, and not gone yet. */
  readonly #leaving = new Set<Session>();
  /** Those whose relay does not look at the time itself. */
  readonly #swept = new Set<Session>();
  readonly #ages: Ages<Session>;
  #tunnels = 0;
  readonly #clock: Clock;
  /** Uniform in [0, 1). */
  readonly #random: () => number;
  readonly #beginSweeps: () => void;
  readonly #pending = new Set<Pending>();
  #places = 0;
  readonly #reserve = new Set<() => void>();
  /** All sessions in their order, as of the first page that somebody asked for: to sort 50,000 anew for each of 200 pages would hold everybody up. */
  #order: { readonly sessions: readonly Session[]; usedMs: number } | null = null;
  #cancelSweep: Cancel;

  /** `beginSweeps`: the first session is there that is swept for its idleness. */
  constructor(clock: Clock, random: () => number, beginSweeps: () => void = () => {}) {
    this.#clock = clock;
    this.#random = random;
    this.#beginSweeps = beginSweeps;
    this.#ages = new Ages(clock.nowMs());
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.sweep());
  }

  /** Its tenant is known by now, and does not change any more. Gives the session's place in their order. */
  add(session: Session): number {
    const tenant = tenantOf(session);
    const sessions = this.#tenants.get(tenant);
    if (sessions) sessions.add(session);
    else this.#tenants.set(tenant, new Set([session]));
    this.#tunnels += 1;
    this.#places += 1;
    return this.#places;
  }

  /** The open ones that nobody has told to leave, as of now and oldest first; those that are over when their turn comes are left out. */
  all(): Iterator<Session> {
    return this.everyOne()
      .sort((a, b) => a.place - b.place)
      .values()
      .filter((session) => !session.isOver);
  }

  open(): readonly Session[] {
    return this.everyOne();
  }

  /** The same in no order. */
  everyOne(): Session[] {
    return [...this.#tenants.values()].flatMap((sessions) => [...sessions]);
  }

  /** From here on somebody looks whether its time is over. */
  watch(session: Session): void {
    if (session.isSwept && this.#swept.add(session).size === 1) this.#beginSweeps();
    this.#ages.add(session);
  }

  remove(session: Session): void {
    this.#swept.delete(session);
    this.#ages.delete(session);
    if (this.#leaving.delete(session) || this.#forget(session)) this.#tunnels -= 1;
  }

  #forget(session: Session): boolean {
    const tenant = tenantOf(session);
    const sessions = this.#tenants.get(tenant);
    if (!sessions?.delete(session)) return false;
    if (sessions.size === 0) this.#tenants.delete(tenant);
    return true;
  }

  pendingStarted(pending: Pending): void {
    this.#pending.add(pending);
  }

  pendingEnded(pending: Pending): void {
    this.#pending.delete(pending);
  }

  /** Tells those that have not asked yet that there is nobody to ask; how many. */
  sendPendingAway(): number {
    const { size } = this.#pending;
    for (const pending of this.#pending) pending.sendAway();
    return size;
  }

  /** A place in the reserve for health checks; `evict` is called when a newer one needs it. The returned function gives it back. */
  joinReserve(evict: () => void): () => void {
    const [oldest] = this.#reserve;
    if (oldest && this.#reserve.size >= HEALTH_RESERVE) {
      this.#reserve.delete(oldest);
      oldest();
    }
    this.#reserve.add(evict);
    return () => this.#reserve.delete(evict);
  }

  tunnels(): number {
    return this.#tunnels;
  }

  pending(): number {
    return this.#pending.size;
  }

  page(limit: number, after: number): TunnelPage {
    if (this.#order === null || after === 0) {
      const sessions = [...this.#leaving, ...this.everyOne()].sort((a, b) => a.place - b.place);
      this.#order = { sessions, usedMs: this.#clock.nowMs() };
    }
    const { sessions } = this.#order;
    this.#order.usedMs = this.#clock.nowMs();
    const from = firstBehind(sessions, after);
    const found = sessions.slice(from, from + limit);
    const isLast = from + limit >= sessions.length;
    if (isLast) this.#order = null;
    const rows = found.filter((session) => !session.isOver).map((session) => session.row());
    return { rows, next: isLast ? null : (found.at(-1)?.place ?? null) };
  }

  find(id: string): TunnelDetail | null {
    return this.#byId(id)?.detail() ?? null;
  }

  /** An operator asks for one now and then; an index would be paid by every tunnel. */
  #byId(id: string): Session | null {
    for (const sessions of [this.#leaving, ...this.#tenants.values()])
      for (const session of sessions) if (session.record.id === id) return session;
    return null;
  }

  groups(): TunnelGroup[] {
    return [...this.#tenants].map(([tenant, sessions]) => {
      const [oldest] = sessions;
      return { tenant, tunnels: sessions.size, oldestMs: oldest?.startMs ?? 0 };
    });
  }

  closeOldest(tenant: string, count: number, endedBy: EndedBy): number {
    let closed = 0;
    for (const session of this.#tenants.get(tenant) ?? []) {
      if (closed >= count) break;
      // Also one that somebody else has told to close: it is no candidate any more.
      this.#forget(session);
      this.#leaving.add(session);
      if (session.close(endedBy)) closed += 1;
    }
    return closed;
  }

  closeSome(count: number, endedBy: EndedBy): number {
    let closed = 0;
    while (closed < count) {
      const group = chooseGroup(this.groups(), this.#random);
      if (!group) break;
      closed += this.closeOldest(group.tenant, 1, endedBy);
    }
    return closed;
  }

  closeIds(ids: ReadonlySet<string>, endedBy: EndedBy): IdsClosed {
    const closed: string[] = [];
    const onTheWay: string[] = [];
    for (const session of [...this.#leaving, ...this.everyOne()]) {
      if (!ids.has(session.record.id)) continue;
      if (this.#forget(session)) this.#leaving.add(session);
      (session.close(endedBy) ? closed : onTheWay).push(session.record.id);
    }
    return { closed, onTheWay };
  }

  /** Looks at none that it need not: each is cold memory, and 50,000 of them hold everybody up for a tenth of a second. */
  sweep(): void {
    const nowMs = this.#clock.nowMs();
    for (const session of this.#ages.due(nowMs)) session.close('age');
    for (const session of this.#swept) session.sweep();
    if (this.#order !== null && nowMs - this.#order.usedMs > ORDER_KEPT_MS) this.#order = null;
  }

  /** There are some whose limits are no better than the sweeps that look at them. */
  get areSwept(): boolean {
    return this.#swept.size > 0;
  }

  stop(): void {
    this.#cancelSweep();
  }
}

/** `sessions` are in the order of their places. */
function firstBehind(sessions: readonly Session[], place: number): number {
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sessions[middle]?.place ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

function tenantOf({ record }: Session): string {
  return record.tenant ?? '';
}
