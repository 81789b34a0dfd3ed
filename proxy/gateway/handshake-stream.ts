// The two ends that the re-originating library sees instead of the client: it reads the canonical head from here and writes its answer
// to here. The client's own bytes never pass through an HTTP parser that is not ours, and wait untouched until the 101.

import { Duplex } from 'node:stream';
import { UPSTREAM_HEAD_BYTES_MAX } from '../core/limits.ts';

/** An answer of the upstream that is no 101 is passed on, head and body, up to this. */
const ANSWER_BYTES_MAX = UPSTREAM_HEAD_BYTES_MAX + 64 * 1024;

export interface HandshakeEvents {
  /** The library has written its whole answer and finished. */
  finished(): void;
  /** More of an answer than anyone should send. */
  overflowed(): void;
}

export class HandshakeStream extends Duplex {
  readonly #client: Duplex;
  readonly #events: HandshakeEvents;
  #written = 0;

  constructor(canonicalHead: Buffer, client: Duplex, events: HandshakeEvents) {
    super({ autoDestroy: true });
    this.#client = client;
    this.#events = events;
    this.push(canonicalHead);
  }

  /** True once any byte of an answer has gone to the client: then nothing else may be said. */
  get hasAnswered(): boolean {
    return this.#written > 0;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#written += chunk.length;
    if (this.#written > ANSWER_BYTES_MAX) this.#events.overflowed();
    else this.#client.write(chunk);
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#events.finished();
    done();
  }

  // The library treats every client as a net.Socket; the real one has its options already.
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  destroySoon(): void {
    this.end();
  }
}
