// The relay engine of Linux: hands both descriptors to C and lets go of the sockets, so that a tunnel is one small object here. What is not
// plain TCP, or cannot be handed over at this moment, goes to the node engine.

import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ENDINGS, type EndedBy } from '../core/record.ts';
import type { Leg } from './leg.ts';
import { NativeSocket } from './native-socket.ts';
import { own } from './owned-socket.ts';
import type { CoarseTime, Relay, RelayEngine, RelayJob } from './relay.ts';

/** What the addon gives (proxy/native/engine.ts); a slot is a number below `slots`. */
export interface NativeTunnels {
  readonly slots: number;
  /** Three numbers a slot: bytes up, bytes down, the moment of the last byte by the clock. Those behind the last slot are sums. */
  readonly stats: Float64Array;
  /** Duplicates both descriptors; gives 0, or an errno value where it has kept nothing. */
  start(slot: number, client: number, upstream: number, up: Buffer, down: Buffer, sentUp: number, sentDown: number): number;
  /** `endedBy` is a place in ENDINGS. Nothing where the tunnel is ending already. */
  close(slot: number, endedBy: number): void;
  /** Slot and place in ENDINGS of some tunnels that ended, one behind the other. */
  ends(): readonly number[];
}

const FIELDS = 3;

/** `connect` starts the addon's engine; it is given what to call when tunnels have ended. */
export function createNativeRelay(fallback: RelayEngine, time: CoarseTime, connect: (onEnds: () => void) => NativeTunnels): RelayEngine {
  const running: (NativeRelay | undefined)[] = [];
  const free: number[] = [];
  let used = 0;
  let held = 0;

  const tunnels: NativeTunnels = connect(() => {
    const ends = tunnels.ends();
    for (let at = 0; at < ends.length; at += 2) {
      const slot = ends[at] ?? 0;
      const relay = running[slot];
      running[slot] = undefined;
      held -= 1;
      // Its counts are read before the slot has a new tunnel.
      relay?.finish(ENDINGS[ends[at + 1] ?? -1] ?? 'fault');
      free.push(slot);
    }
  });
  const { stats, slots } = tunnels;

  const startNative = (job: RelayJob): Relay | null => {
    const { client, upstream } = job;
    if (!isHandable(client) || !isHandable(upstream)) return null;
    const slot = free.pop() ?? (used < slots ? used++ : -1);
    if (slot < 0) return null;
    const toUpstream = withUnread(job.toUpstream, client);
    const toClient = withUnread(job.toClient, upstream);
    const error = tunnels.start(slot, fdOf(client), fdOf(upstream), toUpstream, toClient, job.sentUp, job.sentDown);
    if (error !== 0) {
      free.push(slot);
      putBack(client, toUpstream.subarray(job.toUpstream.length));
      putBack(upstream, toClient.subarray(job.toClient.length));
      return null;
    }
    held += 1;
    // The duplicates live on in the engine; these close without a FIN.
    for (const socket of [client, upstream]) {
      own(socket, null);
      socket.destroy();
    }
    const relay = new NativeRelay(tunnels, time, slot, job.ended);
    running[slot] = relay;
    return relay;
  };

  return {
    name: 'native',
    totals: {
      get bytesUp() {
        return (stats[slots * FIELDS] ?? 0) + fallback.totals.bytesUp;
      },
      get bytesDown() {
        return (stats[slots * FIELDS + 1] ?? 0) + fallback.totals.bytesDown;
      },
    },
    held: () => held,
    start: (job) => startNative(job) ?? fallback.start(job),
  };
}

class NativeRelay implements Relay {
  readonly #tunnels: NativeTunnels;
  readonly #time: CoarseTime;
  readonly #slot: number;
  readonly #ended: (by: EndedBy) => void;

  constructor(tunnels: NativeTunnels, time: CoarseTime, slot: number, ended: (by: EndedBy) => void) {
    this.#tunnels = tunnels;
    this.#time = time;
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
    return this.#time.nowMs - (this.#tunnels.stats[this.#slot * FIELDS + 2] ?? 0);
  }

  close(by: EndedBy): void {
    this.#tunnels.close(this.#slot, ENDINGS.indexOf(by));
  }

  /** The engine's own thread looks at the time. */
  sweep(): void {}

  finish(by: EndedBy): void {
    this.#ended(by);
  }
}

/** Plain TCP, alive, and with nothing on its way out that only this process knows of. */
function isHandable(leg: Leg): leg is Socket | NativeSocket {
  const isPlain = leg instanceof NativeSocket || (leg instanceof Socket && !(leg instanceof TLSSocket));
  return isPlain && !leg.destroyed && leg.writableLength === 0 && fdOf(leg) >= 0;
}

/** Below 0 where there is none. That of a Node socket is undocumented, and unchanged since Node 10. */
function fdOf(leg: Socket | NativeSocket): number {
  if (leg instanceof NativeSocket) return leg.fd;
  return (leg as Socket & { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

/** The bytes, and behind them what a paused stream has read and not given out. Nothing more is read before this turn of the loop is over. */
function withUnread(bytes: Buffer, leg: Socket | NativeSocket): Buffer {
  if (leg instanceof NativeSocket || leg.readableLength === 0) return bytes;
  const unread = leg.read() as Buffer | null;
  return unread === null ? bytes : Buffer.concat([bytes, unread]);
}

function putBack(leg: Socket | NativeSocket, unread: Buffer): void {
  if (leg instanceof Socket && unread.length > 0) leg.unshift(unread);
}
