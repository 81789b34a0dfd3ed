// The bytes a socket has sent and nobody has used yet. Stages look at them and say how many they used; what is left travels on
// with the connection. Reading stops at a cap, so a client that pours bytes in costs no more than the cap.

import type { Cancel, Clock } from '../core/clock.ts';
import type { Leg } from './leg.ts';
import { isOwnedBy, own, type SocketOwner } from './owned-socket.ts';

/** Why `more` came back: new bytes, the far end finished sending, the connection is gone, or the deadline passed. */
export type InboxEvent = 'bytes' | 'end' | 'gone' | 'deadline';

/** Deadlines are kept to this: Node keeps one list of timers per length of time, and thousands of lists cost more than they tell. */
const TIMER_STEP_MS = 50;

const EMPTY = Buffer.alloc(0);

export class Inbox implements SocketOwner {
  #bytes: Buffer = EMPTY;
  #room: Buffer = EMPTY;
  #cap: number;
  #ended: boolean;
  #gone: boolean;
  #paused = false;
  #wake: ((event: InboxEvent) => void) | null = null;
  #cancel: Cancel | null = null;
  readonly #socket: Leg;
  readonly #clock: Clock;

  /** Told at once of new bytes, also while nobody waits for them. */
  onBytes: (() => void) | null = null;

  /** Told at once when the far end finishes or the connection is lost, also while nobody waits for bytes. */
  onLeft: (() => void) | null = null;

  /** Takes the socket over and starts to read. */
  constructor(socket: Leg, clock: Clock, capBytes: number) {
    this.#socket = socket;
    this.#clock = clock;
    this.#cap = capBytes;
    this.#gone = socket.destroyed;
    this.#ended = socket.readableEnded;
    own(socket, this);
    socket.resume();
  }

  socketData(_socket: Leg, chunk: Buffer): void {
    this.#append(chunk);
    if (this.#bytes.length >= this.#cap) this.#pause();
    this.#settle('bytes');
    this.onBytes?.();
  }

  socketEnd(): void {
    this.#ended = true;
    this.#settle('end');
    this.onLeft?.();
  }

  socketClose(): void {
    this.#gone = true;
    this.#settle('gone');
    this.onLeft?.();
  }

  socketError(): void {}

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
      this.#cancel = this.#clock.after(Math.ceil(left / TIMER_STEP_MS) * TIMER_STEP_MS, () => this.#settle('deadline'));
    });
  }

  /** Changes how many bytes may wait here; reading goes on or stops accordingly. */
  setCap(capBytes: number): void {
    this.#cap = capBytes;
    if (this.#bytes.length >= capBytes) this.#pause();
    else if (this.#paused) this.#resume();
  }

  /** Takes the first `length` bytes out, as memory that does not change any more. */
  take(length: number): Buffer {
    // All of it: nothing is left here that could grow over it.
    const taken = length >= this.#bytes.length ? this.#bytes : Buffer.from(this.#bytes.subarray(0, length));
    this.skip(length);
    return taken;
  }

  /** Forgets the first `length` bytes. */
  skip(length: number): void {
    this.#bytes = length >= this.#bytes.length ? EMPTY : this.#bytes.subarray(length);
    if (this.#paused && this.#bytes.length < this.#cap) this.#resume();
  }

  /** Stops reading and lets go of the socket, which is left paused; gives back what was not taken. */
  detach(): Buffer {
    if (isOwnedBy(this.#socket, this)) {
      own(this.#socket, null);
      this.#socket.pause();
    }
    return this.release();
  }

  /** Gives back what was not taken, for a new owner that takes the socket over at once; it goes on flowing, or stays paused. */
  release(): Buffer {
    this.#settle('gone');
    this.onLeft = null;
    this.onBytes = null;
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
