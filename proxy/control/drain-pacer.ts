// The pace of a drain, kept by one carrier for all of them, so that the node's rate is exact however many carriers it has. It needs no
// control: the carrier that has the lock keeps it, and when that one dies another takes over.

import { atOwnPace, type Cancel, type Clock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { chooseGroup, phaseOf } from '../core/drain.ts';
import { HARM_LOOK_MS } from '../core/harm.ts';
import { Pace } from '../core/pace.ts';
import type { TunnelGroup } from '../core/ports.ts';
import type { PaceView } from './drain-view.ts';
import { Throttle } from './drain-throttle.ts';
import type { Log } from './log.ts';

const LOOK_MS = 500;
/** While nobody has ordered one: with the look at the order itself, so that nothing wakes the process for it. */
const IDLE_LOOK_MS = 1_000;
/** Behind a carrier that died while it kept the pace: what it closed in its last second is not known. */
const AFTER_DEATH_MS = 1_000;
/** The last part of the time for closing is for sockets that are slow to close: this share of it, and at most so long. */
const SLACK_SHARE = 0.2;
const SLACK_MAX_MS = 10_000;
/** However little time is left, the pace does not ask for more than everything in a second. */
const LEFT_MIN_MS = 1_000;

export interface PaceLock {
  /** Whoever had it died with it. */
  readonly wasStale: boolean;
  release(): void;
}

export interface PacerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly slot: number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  order(): DrainOrder | null;
  /** Null where another carrier has it; `view` is told to whoever asks who has it. */
  takeLock(view: () => PaceView): Promise<PaceLock | null>;
  /** By row in the ledger; a carrier that does not answer is left out. */
  groups(): Promise<Map<number, readonly TunnelGroup[]>>;
  /** What is left in that carrier; null where it does not answer. */
  close(row: number, tenant: string, count: number): Promise<readonly TunnelGroup[] | null>;
  /** Open on the node, those that were told to close among them. */
  tunnels(): number;
  /** What drain-throttle.ts counts, since the node began. */
  troubles(): Promise<number>;
}

export class DrainPacer {
  readonly #deps: PacerDeps;
  readonly #pace: Pace;
  #cancelLook: Cancel = () => {};
  #lock: PaceLock | null = null;
  #notBeforeMs = -Infinity;
  #groups = new Map<number, readonly TunnelGroup[]>();
  #countedMs = -Infinity;
  #throttle = new Throttle();
  #throttleLookMs = -Infinity;
  #isLooking = false;
  #isClosing = false;
  #isRunning = false;
  #stuck = '';
  /** The drain of which the end has been said. */
  #saidDrained: number | null = null;

  constructor(deps: PacerDeps) {
    this.#deps = deps;
    this.#pace = new Pace(1, deps.random);
  }

  start(): void {
    this.#isRunning = true;
    this.#cancelLook = atOwnPace(this.#deps.clock, IDLE_LOOK_MS, () => {
      void this.look();
      return this.#deps.order() === null ? IDLE_LOOK_MS : LOOK_MS;
    });
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelLook();
    this.#letGo();
  }

  /** Takes the lock or gives it back, and sees how things stand. One look at a time. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
      this.#stuck = '';
    } catch (error) {
      this.#sayStuck((error as Error).message);
    } finally {
      this.#isLooking = false;
    }
  }

  /** The runtime folder cannot be read or written: tried again at each look, and said once. */
  #sayStuck(detail: string): void {
    if (detail !== this.#stuck) this.#deps.log.error({ event: 'drain-stuck', detail });
    this.#stuck = detail;
  }

  async #look(): Promise<void> {
    const { order, clock, tunnels } = this.#deps;
    if (!this.#isRunning || order() === null) return this.#letGo();
    if (!this.#lock && !(await this.#take())) return;
    if (!this.#isClosing) await this.#count();
    const isDue = clock.nowMs() - this.#throttleLookMs >= HARM_LOOK_MS;
    if (isDue && tunnels() > 0) await this.#lookAtTroubles();
    this.#sayDrained();
    void this.#closeOn();
  }

  async #take(): Promise<boolean> {
    const { takeLock, clock, order } = this.#deps;
    const lock = await takeLock(() => this.#view());
    if (!lock) return false;
    this.#lock = lock;
    this.#throttle = new Throttle();
    this.#throttleLookMs = -Infinity;
    const current = order();
    if (!this.#isRunning || current === null) {
      this.#letGo();
      return false;
    }
    const nowMs = clock.nowMs();
    // A third carrier may have cleared the dead one's lock away, so that it does not look stale any more.
    const mayFollow = lock.wasStale || nowMs - current.closesFromMs > AFTER_DEATH_MS;
    this.#notBeforeMs = mayFollow ? nowMs + AFTER_DEATH_MS : -Infinity;
    return true;
  }

  #letGo(): void {
    this.#lock?.release();
    this.#lock = null;
  }

  /** The order under which a tunnel may be closed at this moment. */
  #orderToClose(): DrainOrder | null {
    const order = this.#deps.order();
    if (!this.#isRunning || !this.#lock || order === null) return null;
    return phaseOf(order, this.#deps.clock.nowMs()) === 'closing' ? order : null;
  }

  /** Not in the middle of a close: an answer from before it would be taken for one from behind it. */
  async #count(): Promise<void> {
    this.#countedMs = this.#deps.clock.nowMs();
    this.#groups = await this.#deps.groups();
  }

  /** Closes, one moment after another, until there is nothing to close or nobody wants it any more. The next look begins anew. */
  async #closeOn(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    try {
      for (;;) {
        const order = this.#orderToClose();
        if (order === null || this.#left() === 0) return;
        if (this.#deps.clock.nowMs() - this.#countedMs >= LOOK_MS) await this.#count();
        if (this.#deps.clock.nowMs() >= order.deadlineAtMs) return await this.#closeAll();
        await this.#moment(order);
        if (this.#orderToClose() !== null) await this.#close();
      }
    } finally {
      this.#isClosing = false;
    }
  }

  #moment(order: DrainOrder): Promise<void> {
    const { clock } = this.#deps;
    const nowMs = clock.nowMs();
    this.#pace.rate = this.#rateOf(order, nowMs).rate;
    const atMs = Math.max(this.#pace.next(nowMs), this.#notBeforeMs);
    return new Promise((resolve) => void clock.after(Math.ceil(atMs - nowMs), resolve));
  }

  async #close(): Promise<void> {
    const { clock, random, close } = this.#deps;
    const chosen = chooseGroup(byTenant(this.#groups), random);
    if (!chosen) return;
    const left = await close(chosen.slot, chosen.tenant, this.#pace.atOnce);
    // By now it has happened, however long the other carrier took; when it was told says less.
    this.#pace.closed(clock.nowMs());
    if (left) this.#groups.set(chosen.slot, left);
    else this.#groups.delete(chosen.slot);
  }

  /** The deadline has come: what is left is closed at once. */
  async #closeAll(): Promise<void> {
    const told = [...this.#groups].flatMap(([slot, groups]) =>
      groups.map(({ tenant, tunnels }) => this.#deps.close(slot, tenant, tunnels)),
    );
    this.#groups.clear();
    await Promise.all(told);
  }

  #left(): number {
    let left = 0;
    for (const groups of this.#groups.values()) for (const { tunnels } of groups) left += tunnels;
    return left;
  }

  /** The order's rate, slower where there is trouble, faster where the deadline would be missed. */
  #rateOf(order: DrainOrder, nowMs: number): { readonly rate: number; readonly why: string | null } {
    const paced = order.rate * this.#throttle.factor;
    const slackMs = Math.min(SLACK_MAX_MS, (order.deadlineAtMs - order.closesFromMs) * SLACK_SHARE);
    const needed = (1_000 * this.#left()) / Math.max(LEFT_MIN_MS, order.deadlineAtMs - slackMs - nowMs);
    if (needed > paced) return { rate: needed, why: 'to be done by drain.deadline' };
    return { rate: paced, why: this.#throttle.factor < 1 ? this.#throttle.why : null };
  }

  #view(): PaceView {
    const order = this.#deps.order();
    const now = order === null ? { rate: 0, why: null } : this.#rateOf(order, this.#deps.clock.nowMs());
    return { carrier: this.#deps.slot, ...now };
  }

  async #lookAtTroubles(): Promise<void> {
    const { clock, troubles, order: current, log } = this.#deps;
    this.#throttleLookMs = clock.nowMs();
    const counted = await troubles();
    const order = current();
    if (order === null) return;
    const { slow } = order;
    const asked = slow !== null && slow.untilMs > clock.nowMs() ? slow.why : null;
    const turn = this.#throttle.look({ troubles: counted, rate: order.rate, asked });
    if (turn === null) return;
    const rate = order.rate * this.#throttle.factor;
    if (turn === 'slower') log.warn({ event: 'drain-slower', rate, why: this.#throttle.why });
    else log.info({ event: 'drain-faster', rate });
  }

  #sayDrained(): void {
    const { log, clock, tunnels } = this.#deps;
    const order = this.#orderToClose();
    if (order === null || order.askedAtMs === this.#saidDrained || tunnels() > 0) return;
    this.#saidDrained = order.askedAtMs;
    log.info({ event: 'drained', by: order.by, tunnels: order.tunnels, took_ms: Math.round(clock.wallMs() - order.askedAtMs) });
  }
}

interface TenantGroup {
  readonly tenant: string;
  readonly tunnels: number;
  /** Where its oldest tunnel is. */
  readonly slot: number;
}

/** Over all carriers. */
function byTenant(carriers: ReadonlyMap<number, readonly TunnelGroup[]>): TenantGroup[] {
  const found = new Map<string, TenantGroup & { readonly oldestMs: number }>();
  for (const [slot, groups] of carriers) {
    for (const { tenant, tunnels, oldestMs } of groups) {
      const known = found.get(tenant);
      const sum = tunnels + (known?.tunnels ?? 0);
      found.set(tenant, known && known.oldestMs <= oldestMs ? { ...known, tunnels: sum } : { tenant, slot, oldestMs, tunnels: sum });
    }
  }
  return [...found.values()];
}
