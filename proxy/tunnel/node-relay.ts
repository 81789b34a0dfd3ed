// The relay engine that runs everywhere: two Node streams. Tens of thousands of these wait at once, so a tunnel is one small object
// that owns both sockets, and no closure is made for it.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { NO_PROGRESS_MS } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import { asStream } from './as-stream.ts';
import { own, type SocketOwner } from './owned-socket.ts';
import type { Farewell, Relay, RelayEngine, RelayJob, RelayLimits } from './relay.ts';

/** What libuv reads at once. A stream that is told to pause may still be given one such chunk. */
const READ_CHUNK_BYTES = 64 * 1024;

/**
 * Bytes that may wait in a TLS writer before its reader waits too: a TLS socket encrypts later, so some always wait for a moment. In a plain
 * one any waiting byte is one that the kernel did not take.
 */
const TLS_WAITING_BYTES = 16 * 1024;

/** The writer's own mark while it relays, high enough never to speak: a stream under its mark skips an event and a tick at every write. */
const WRITER_MARK_BYTES = 1024 * 1024;

/** Looks, a second apart, that a TLS side is given to close after our close_notify: with less, what it still sends would be met by a reset. */
const LEAVING_LOOKS = 2;

const EMPTY = Buffer.alloc(0);

/**
 * The high-water mark for every socket of a tunnel, so that at most `bufferBytes` wait in it: per direction at most one chunk above
 * the mark in the writer and one in the paused reader, and there are two directions. Below four chunks the mark cannot help: then it is
 * one byte, and the tunnel holds at most 256 KiB.
 */
export function highWaterMarkFor(bufferBytes: number): number {
  return Math.max(1, Math.floor(bufferBytes / 4) - READ_CHUNK_BYTES);
}

export function createNodeRelay(clock: Pick<Clock, 'nowMs'>, limits: RelayLimits): RelayEngine {
  return engineUnder(limits, { clock, totals: { bytesUp: 0, bytesDown: 0 } });
}

function engineUnder(limits: RelayLimits, common: Pick<Shared, 'clock' | 'totals'>): RelayEngine {
  const shared: Shared = { ...common, limits, highWaterMark: highWaterMarkFor(limits.bufferBytes) };
  return {
    name: 'node',
    totals: common.totals,
    held: () => 0,
    start: (job) => new NodeRelay(job, shared),
    limits,
    under: (others) => engineUnder(others, common),
    moves: null,
  };
}

/** What tunnels under the same limits have in common. */
interface Shared {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly limits: RelayLimits;
  /** For sockets of the native front, which become streams here. */
  readonly highWaterMark: number;
  /** Over all limits. */
  readonly totals: { bytesUp: number; bytesDown: number };
}

/** Which directions have seen their FIN: none, the one whose sender is named, or both. */
type Finished = 'none' | 'client' | 'upstream' | 'both';

class NodeRelay implements Relay, SocketOwner {
  bytesUp: number;
  bytesDown: number;
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  readonly #shared: Shared;
  readonly #ended: (by: EndedBy) => void;
  readonly #farewell: Farewell | null;
  #lastMs: number;
  #finished: Finished = 'none';
  #endedBy: EndedBy | null = null;
  #open = 2;
  #goneUp = 0;
  #goneDown = 0;
  #upSinceMs: number;
  #downSinceMs: number;
  /** Looks since our close_notify went out; null while the tunnel runs. */
  #leaving: number | null = null;

  constructor(job: RelayJob, shared: Shared) {
    this.bytesUp = job.sentUp;
    this.bytesDown = job.sentDown;
    shared.totals.bytesUp += job.sentUp;
    shared.totals.bytesDown += job.sentDown;
    this.#client = asStream(job.client, shared.highWaterMark);
    this.#upstream = asStream(job.upstream, shared.highWaterMark);
    this.#shared = shared;
    this.#ended = job.ended;
    this.#farewell = job.farewell ?? null;
    this.#lastMs = shared.clock.nowMs();
    this.#upSinceMs = this.#lastMs;
    this.#downSinceMs = this.#lastMs;

    own(this.#client, this);
    own(this.#upstream, this);
    raiseWriterMark(this.#client);
    raiseWriterMark(this.#upstream);
    if (job.toUpstream.length > 0) this.socketData(this.#client, job.toUpstream);
    if (job.toClient.length > 0) this.socketData(this.#upstream, job.toClient);
    // What happened while nobody owned them.
    for (const side of [this.#client, this.#upstream]) if (side.readableEnded) this.socketEnd(side);
    for (const side of [this.#client, this.#upstream]) if (side.closed) this.socketClose(side);
    for (const side of [this.#client, this.#upstream]) if (side.isPaused() && !this.#other(side).writableNeedDrain) side.resume();
  }

  /** What TLS and Node know of a connection cannot leave the process. */
  get movable(): null {
    return null;
  }

  #other(side: Duplex): Duplex {
    return side === this.#client ? this.#upstream : this.#client;
  }

  socketData(from: Duplex, chunk: Buffer): void {
    if (this.#leaving !== null) return;
    this.#lastMs = this.#shared.clock.nowMs();
    if (from === this.#client) {
      this.bytesUp += chunk.length;
      this.#shared.totals.bytesUp += chunk.length;
    } else {
      this.bytesDown += chunk.length;
      this.#shared.totals.bytesDown += chunk.length;
      this.#farewell?.passed(chunk);
    }
    const to = this.#other(from);
    to.write(chunk);
    const waiting = to.writableLength;
    if (waiting === 0 || (waiting <= TLS_WAITING_BYTES && to instanceof TLSSocket)) return;
    from.pause();
    // Behind everything that waits: it is flushed when this is.
    to.write(EMPTY, () => from.resume());
  }

  socketEnd(side: Duplex): void {
    if (this.#leaving !== null) return;
    this.#lastMs = this.#shared.clock.nowMs();
    const by = side === this.#client ? 'client' : 'upstream';
    this.#finished = this.#finished === 'none' ? by : 'both';
    this.#endedBy ??= by;
    this.#other(side).end();
  }

  socketClose(side: Duplex): void {
    this.#open -= 1;
    const by = side === this.#client ? 'client' : 'upstream';
    this.#endedBy ??= by;
    const other = this.#other(side);
    if (this.#open === 0) return this.#finish();
    if (this.#leaving !== null) return;
    // Both FINs seen: the other side only has to flush. Otherwise what is left of the tunnel makes no sense any more.
    if (this.#finished === 'both') return;
    // All that this side had to say is said: it still reaches the other one.
    if (this.#finished === by && other instanceof Socket) other.destroySoon();
    else other.destroy();
  }

  socketError(side: Duplex): void {
    if (this.#leaving !== null) return;
    const by = side === this.#client ? 'client' : 'upstream';
    this.#endedBy ??= by;
    // A reset, or a side that is dead to keep-alive, is told to the other end as a reset: a clean FIN would say that the bytes so far are all there are. Behind a FIN they were.
    if (this.#finished !== by) reset(this.#other(side));
  }

  idleMs(): number {
    return this.#shared.clock.nowMs() - this.#lastMs;
  }

  close(by: EndedBy): void {
    this.#endedBy ??= by;
    if (by === 'drain' && this.#leaving === null) return this.#leave();
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** `destroy` closes a TLS socket without a close_notify, which its peer takes for an attack or a crash (RFC 8446 section 6.1). */
  #leave(): void {
    this.#leaving = 0;
    const words = this.#client.writableEnded ? null : (this.#farewell?.words() ?? null);
    if (words) this.#client.write(words);
    for (const side of [this.#client, this.#upstream]) {
      if (!(side instanceof TLSSocket)) side.destroy();
      else side.end().resume();
    }
  }

  sweep(): void {
    if (this.#leaving !== null) {
      this.#leaving += 1;
      if (this.#leaving >= LEAVING_LOOKS) this.close('idle');
      return;
    }
    const idleMs = this.idleMs();
    if (idleMs >= this.#shared.limits.idleMs) return this.close('idle');
    if (this.#finished !== 'none' && idleMs >= this.#shared.limits.halfClosedMs) return this.close('idle');
    this.#sweepStuck();
  }

  // Bytes that wait on one side while none of them goes, even where the other direction is busy. What has gone is what came in less what
  // waits; what waits alone says nothing, since a slow reader leaves the same full chunk waiting at each look.
  #sweepStuck(): void {
    const nowMs = this.#shared.clock.nowMs();
    const goneUp = this.bytesUp - this.#upstream.writableLength;
    if (goneUp !== this.#goneUp || this.#upstream.writableLength === 0) {
      this.#goneUp = goneUp;
      this.#upSinceMs = nowMs;
    }
    const goneDown = this.bytesDown - this.#client.writableLength;
    if (goneDown !== this.#goneDown || this.#client.writableLength === 0) {
      this.#goneDown = goneDown;
      this.#downSinceMs = nowMs;
    }
    if (nowMs - Math.min(this.#upSinceMs, this.#downSinceMs) >= NO_PROGRESS_MS) this.close('idle');
  }

  #finish(): void {
    own(this.#client, null);
    own(this.#upstream, null);
    this.#ended(this.#endedBy ?? 'fault');
  }
}

/** Node has one option for both marks of a socket; the reader's has to stay low, since it bounds what a paused tunnel holds. */
function raiseWriterMark(side: Duplex): void {
  const state = (side as { _writableState?: { highWaterMark: number } })._writableState;
  if (state) state.highWaterMark = WRITER_MARK_BYTES;
}

function reset(side: Duplex): void {
  if (side instanceof Socket && !(side instanceof TLSSocket)) side.resetAndDestroy();
  else side.destroy();
}
