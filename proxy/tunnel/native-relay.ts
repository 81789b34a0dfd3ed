// The relay engine of Linux: both connections go over to C, so that a tunnel is one small object here. What is not a connection of the front,
// or has bytes on their way out at this moment, goes to the node engine.

import type { Clock } from '../core/clock.ts';
import { ENDINGS, type EndedBy } from '../core/record.ts';
import type { Leg } from './leg.ts';
import { NativeSocket } from './native-socket.ts';
import type { MovableRelay, ParkNews, Relay, RelayEngine, RelayJob, RelayLimits, RelayMoves } from './relay.ts';

export type { RelayLimits } from './relay.ts';

/** What the addon gives (proxy/native/engine.ts); a slot is a number below `slots`. */
export interface NativeTunnels {
  readonly slots: number;
  /**
   * Three numbers a slot: bytes up, bytes down, the moment of the last byte by the clock. The two rows behind the last slot make the sum over all
   * tunnels there ever were.
   */
  readonly stats: Float64Array;
  /** Takes two connections of the front over, by their ids; nothing is changed where bytes wait at one of them. Gives one of START. */
  start(slot: number, client: number, upstream: number, up: Buffer, down: Buffer, sentUp: number, sentDown: number): number;
  /** What tunnels that start from now on are held to. */
  limit(limits: RelayLimits): void;
  /** `endedBy` is a place in ENDINGS. Nothing where the tunnel is ending already. */
  close(slot: number, endedBy: number): void;
  /**
   * Slot and place in ENDINGS, or one of NEWS, of at most so many (256) tunnels that ended, one behind the other. It is told of ends once, until none is
   * left: where there are as many as were asked for, whoever asks comes again.
   */
  ends(most: number): readonly number[];
  readonly move: NativeMoveCalls;
}

/** Moving tunnels between processes (proxy/native/engine.h). Errors are negative errno values. */
export interface NativeMoveCalls {
  park(slot: number): void;
  send(slot: number, link: number, identity: Buffer): number;
  forget(slot: number): void;
  resume(slot: number): void;
  receive(link: number, room: Buffer): number;
  adopt(slot: number): number;
  discard(): void;
}

const FIELDS = 3;
/**
 * Ends that are heard in one turn of the event loop. Each takes some 50 µs, and far more in a process that has ended none so far: ten thousand at once
 * keep nobody else waiting for long.
 */
const ENDS_AT_ONCE = 64;
/** proxy/native/engine.h: engine_news. */
const NEWS = { parked: 16, stays: 17, moved: 18 } as const;
/** What `start` says: the tunnel runs, nothing was changed, both connections are closed (proxy/native/addon.c). */
const START = { runs: 0, unchanged: 1, closed: 2 } as const;

export interface NativeRelayOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly limits: RelayLimits;
  /** Where it goes what this engine cannot take. */
  readonly fallback: RelayEngine;
  /** Hears what a tunnel's owner throws when it ends. */
  readonly onBug: (error: Error) => void;
  /** Starts the addon's engine under `limits`; it is given what to call when tunnels have ended. */
  readonly connect: (onEnds: () => void) => NativeTunnels;
}

export function createNativeRelay({ clock, limits: first, fallback, onBug, connect }: NativeRelayOptions): RelayEngine {
  const running: (NativeRelay | undefined)[] = [];
  const free: number[] = [];
  let used = 0;
  let held = 0;
  /** What the addon holds the next tunnel to. */
  let current = first;

  const hear = (slot: number, what: number): void => {
    const relay = running[slot];
    if (what === NEWS.parked || what === NEWS.stays) return relay?.news(what === NEWS.parked ? 'parked' : 'stays');
    running[slot] = undefined;
    held -= 1;
    // Its counts are read before the slot has a new tunnel.
    if (what !== NEWS.moved) relay?.finish(ENDINGS[what] ?? 'fault');
  };
  const hearSome = (): void => {
    const ends = tunnels.ends(ENDS_AT_ONCE);
    if (ends.length === 2 * ENDS_AT_ONCE) clock.after(0, hearSome);
    for (let at = 0; at < ends.length; at += 2) {
      const [slot = 0, what = -1] = [ends[at], ends[at + 1]];
      try {
        hear(slot, what);
      } catch (error) {
        // A bug of one session's: the others' ends are in this batch too, and are told once only.
        onBug(error as Error);
      }
      if (!running[slot]) free.push(slot);
    }
  };
  const tunnels = connect(hearSome);
  const { stats, slots } = tunnels;
  const sum = (field: number): number => (stats[slots * FIELDS + field] ?? 0) + (stats[(slots + 1) * FIELDS + field] ?? 0);

  const takeSlot = (): number => free.pop() ?? (used < slots ? used++ : -1);

  const holdTo = (limits: RelayLimits): void => {
    if (limits === current) return;
    tunnels.limit(limits);
    current = limits;
  };

  const startNative = (job: RelayJob, limits: RelayLimits): Relay | null => {
    const { client, upstream } = job;
    if (!isOfFront(client) || !isOfFront(upstream)) return null;
    const slot = takeSlot();
    if (slot < 0) return null;
    holdTo(limits);
    const started = tunnels.start(slot, client.id, upstream.id, job.toUpstream, job.toClient, job.sentUp, job.sentDown);
    if (started === START.runs) held += 1;
    else free.push(slot);
    if (started === START.unchanged) return null;
    client.handedOver();
    upstream.handedOver();
    if (started === START.closed) return stillborn(job);
    const relay = new NativeRelay(tunnels, clock, slot, job.ended);
    running[slot] = relay;
    return relay;
  };

  const moves: RelayMoves = {
    hasRoom: () => free.length > 0 || used < slots,
    receive: tunnels.move.receive,
    discard: tunnels.move.discard,
    adopt(limits, ended) {
      const slot = takeSlot();
      if (slot < 0) return null;
      holdTo(limits);
      if (tunnels.move.adopt(slot) < 0) {
        free.push(slot);
        return null;
      }
      held += 1;
      const relay = new NativeRelay(tunnels, clock, slot, ended);
      running[slot] = relay;
      return relay;
    },
  };

  const totals = {
    get bytesUp() {
      return sum(0) + fallback.totals.bytesUp;
    },
    get bytesDown() {
      return sum(1) + fallback.totals.bytesDown;
    },
  };
  const under = (limits: RelayLimits): RelayEngine => {
    const otherwise = fallback.under(limits);
    const start = (job: RelayJob): Relay => startNative(job, limits) ?? otherwise.start(job);
    return { name: 'native', totals, held: () => held, start, limits, under, moves };
  };
  return under(first);
}

function isOfFront(leg: Leg): leg is NativeSocket {
  return leg instanceof NativeSocket && !leg.destroyed;
}

/** A tunnel for which there was no memory. */
function stillborn({ ended, sentUp, sentDown }: RelayJob): Relay {
  ended('fault');
  return { bytesUp: sentUp, bytesDown: sentDown, idleMs: () => 0, movable: null, close: () => {} };
}

class NativeRelay implements Relay, MovableRelay {
  readonly #tunnels: NativeTunnels;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #slot: number;
  readonly #ended: (by: EndedBy) => void;
  #parked: ((news: ParkNews) => void) | null = null;
  /** It is not for this process to end it, from the moment in which it was asked to wait. */
  #isHeld = false;
  #closeBy: EndedBy | null = null;
  #isSent = false;

  constructor(tunnels: NativeTunnels, clock: Pick<Clock, 'nowMs'>, slot: number, ended: (by: EndedBy) => void) {
    this.#tunnels = tunnels;
    this.#clock = clock;
    this.#slot = slot;
    this.#ended = ended;
  }

  get bytesUp(): number {
    return this.#tunnels.stats[this.#slot * FIELDS] ?? 0;
  }

  get bytesDown(): number {
    return this.#tunnels.stats[this.#slot * FIELDS + 1] ?? 0;
  }

  idleMs(): number {
    return this.#clock.nowMs() - (this.#tunnels.stats[this.#slot * FIELDS + 2] ?? 0);
  }

  get movable(): this {
    return this;
  }

  get isSent(): boolean {
    return this.#isSent;
  }

  /** The engine ends no tunnel that may live elsewhere already: it is asked again where the tunnel goes on here. */
  close(by: EndedBy): void {
    if (this.#isHeld) this.#closeBy ??= by;
    this.#tunnels.close(this.#slot, ENDINGS.indexOf(by));
  }

  park(told: (news: ParkNews) => void): void {
    this.#parked = told;
    this.#isHeld = true;
    this.#tunnels.move.park(this.#slot);
  }

  send(link: number, identity: Buffer): number {
    const error = this.#tunnels.move.send(this.#slot, link, identity);
    this.#isSent = error >= 0;
    return error;
  }

  forget(): void {
    this.#tunnels.move.forget(this.#slot);
  }

  resume(): void {
    this.#isHeld = false;
    this.#isSent = false;
    this.#tunnels.move.resume(this.#slot);
    if (this.#closeBy !== null) this.close(this.#closeBy);
  }

  news(news: ParkNews): void {
    if (news === 'stays') this.#isHeld = false;
    const told = this.#parked;
    this.#parked = null;
    told?.(news);
  }

  finish(by: EndedBy): void {
    this.news('ended');
    this.#ended(by);
  }
}
