// The bytes a socket has sent and nobody has used yet. Stages look at them and say how many they used; what is left travels on
// with the connection. Reading stops at a cap, so a client that pours bytes in costs no more than the cap.

import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../core/clock.ts';

/** Why `more` came back: new bytes, the far end finished sending, the connection is gone, or the deadline passed. */
export type InboxEvent = 'bytes' | 'end' | 'gone' | 'deadline';

const EMPTY = Buffer.alloc(0);

export class Inbox {
  #bytes: Buffer = EMPTY;
  #room: Buffer = EMPTY;
  #cap: number;
  #ended = false;
  #gone = false;
  #paused = false;
  #wake: ((event: InboxEvent) => void) | null = null;
  #cancel: Cancel | null = null;
  readonly #socket: Duplex;
  readonly #clock: Clock;

  readonly #onData = (chunk: Buffer): void => {
    this.#append(chunk);
    if (this.#bytes.length >= this.#cap) this.#pause();
    this.#settle('bytes');
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#settle('end');
  };
  readonly #onGone = (): void => {
    this.#gone = true;
    this.#settle('gone');
  };

  /** Starts to read at once. The socket must have an error listener of its own; this one listens for `close` only. */
  constructor(socket: Duplex, clock: Clock, capBytes: number) {
    this.#socket = socket;
    this.#clock = clock;
    this.#cap = capBytes;
    this.#gone = socket.destroyed;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onGone);
    socket.resume();
  }

  /** Everything received and not taken yet. The same memory may grow in place: do not keep it over a wait. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Waits for something new, at most until the deadline (a moment of the clock). One waiter at a time. */
  more(deadlineMs: number): Promise<InboxEvent> {
    if (this.#gone) return Promise.resolve('gone');
    if (this.#ended) return Promise.resolve('end');
    const left = deadlineMs - this.#clock.nowMs();
    if (left <= 0) return Promise.resolve('deadline');
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#cancel = this.#clock.after(left, () => this.#settle('deadline'));
    });
  }

  /** Changes how many bytes may wait here; reading goes on or stops accordingly. */
  setCap(capBytes: number): void {
    this.#cap = capBytes;
    if (this.#bytes.length >= capBytes) this.#pause();
    else if (this.#paused) this.#resume();
  }

  /** Takes the first `length` bytes out, as memory of their own. */
  take(length: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, length));
    this.#bytes = this.#bytes.subarray(length);
    if (this.#paused && this.#bytes.length < this.#cap) this.#resume();
    return taken;
  }

  /** Stops reading and lets go of the socket, which is left paused; gives back what was not taken. */
  detach(): Buffer {
    this.#settle('gone');
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onGone);
    this.#socket.pause();
    const rest = this.#bytes;
    this.#bytes = EMPTY;
    this.#room = EMPTY;
    return rest;
  }

  // Grows by doubling, so that one byte per segment stays linear.
  #append(chunk: Buffer): void {
    if (this.#bytes.length === 0) {
      this.#bytes = chunk;
      this.#room = EMPTY;
      return;
    }
    const length = this.#bytes.length + chunk.length;
    const start = this.#bytes.byteOffset - this.#room.byteOffset;
    const fits = this.#room.length > 0 && this.#bytes.buffer === this.#room.buffer && start + length <= this.#room.length;
    if (!fits) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(1_024, length * 2));
      this.#bytes.copy(this.#room);
      chunk.copy(this.#room, this.#bytes.length);
      this.#bytes = this.#room.subarray(0, length);
      return;
    }
    chunk.copy(this.#room, start + this.#bytes.length);
    this.#bytes = this.#room.subarray(start, start + length);
  }

  #pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  #settle(event: InboxEvent): void {
    const wake = this.#wake;
    if (!wake) return;
    this.#wake = null;
    this.#cancel?.();
    this.#cancel = null;
    wake(event);
  }
}
