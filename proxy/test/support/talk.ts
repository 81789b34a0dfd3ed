// One end of a connection that talks without pause. Each end says a sequence of its own, so that a byte that is lost, doubled or out of order
// on its way is seen at the other one.

import { randomBytes } from 'node:crypto';
import type net from 'node:net';

/** A prime, so that no buffer on the way has this length. */
const PERIOD = 65_521;
const STEP = 7_919;
const ONCE = randomBytes(PERIOD);
const SEQUENCE = Buffer.concat([ONCE, ONCE]);
/** What an end says first: the number that names its sequence, behind a byte that begins no TLS record. */
const HEAD_BYTES = 5;
const HEAD_MARK = 0x7f;
const HELLO_MARK = 0x16;
const EVERY_MS = 10;
const WORDS_MAX = 600;
/** What may wait here: whoever is not read says less. */
const WAITING_BYTES = 64 * 1024;

export class Talk {
  readonly socket: net.Socket;
  sent = 0;
  seen = 0;
  /** Bytes that were not those of the sequence. */
  wrong = 0;
  isOver = false;
  /** How the connection ended: by a FIN, or by something else. */
  endedBy: string | null = null;
  readonly #named: ((number: number) => void) | null;
  #number = 0;
  #other: number | null = null;
  #head = Buffer.alloc(0);
  #timer: NodeJS.Timeout | null = null;

  /** `named`: this end waits to be spoken to, is told the number that the other one says, and answers with the next one's sequence. */
  constructor(socket: net.Socket, named: ((number: number) => void) | null = null) {
    this.socket = socket;
    this.#named = named;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#heard(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.endedBy = error.code ?? 'error'));
    socket.on('end', () => this.#over('FIN'));
    socket.on('close', () => this.#over('close'));
    socket.resume();
  }

  start(number: number): void {
    this.#number = number;
    const head = Buffer.alloc(HEAD_BYTES, HEAD_MARK);
    head.writeUInt32BE(number, 1);
    this.#say(head);
    this.#timer = setInterval(() => this.#sayMore(), EVERY_MS);
  }

  /** Says no more, and has said so. */
  finish(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.socket.end();
  }

  #sayMore(): void {
    if (this.socket.writableLength > WAITING_BYTES || this.socket.destroyed) return;
    const at = (this.sent - HEAD_BYTES + this.#number * STEP) % PERIOD;
    const length = 1 + ((this.sent + this.#number * STEP) % WORDS_MAX);
    this.#say(SEQUENCE.subarray(at, at + length));
  }

  #say(bytes: Buffer): void {
    this.sent += bytes.length;
    this.socket.write(bytes);
  }

  #heard(bytes: Buffer): void {
    if (this.#other !== null) return this.#compare(bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    // The door's own ClientHello stands in front: its length is in its record.
    const hello = this.#head[0] === HELLO_MARK ? (this.#head.length >= HEAD_BYTES ? HEAD_BYTES + this.#head.readUInt16BE(3) : Infinity) : 0;
    if (this.#named && hello > 0 && this.#timer === null && this.#head.length >= hello) this.start(0);
    if (this.#head.length < hello + HEAD_BYTES) return;
    this.#other = this.#head.readUInt32BE(hello + 1);
    this.seen = HEAD_BYTES;
    const rest = this.#head.subarray(hello + HEAD_BYTES);
    if (this.#named && this.#timer === null) this.start(this.#other + 1);
    this.#named?.(this.#other);
    this.#compare(rest);
  }

  #compare(bytes: Buffer): void {
    let at = (this.seen - HEAD_BYTES + (this.#other ?? 0) * STEP) % PERIOD;
    for (let from = 0; from < bytes.length;) {
      const length = Math.min(PERIOD, bytes.length - from);
      if (bytes.compare(SEQUENCE, at, at + length, from, from + length) !== 0) this.wrong += 1;
      from += length;
      at = (at + length) % PERIOD;
    }
    this.seen += bytes.length;
  }

  #over(how: string): void {
    this.isOver = true;
    this.endedBy ??= how;
    if (this.#timer) clearInterval(this.#timer);
  }
}
