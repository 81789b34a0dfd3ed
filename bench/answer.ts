// What comes back of a CONNECT, piece by piece: the head, then the first bytes of the tunnel again, which the far end sends back.

/** More than AWS's own clients wait. */
export const PATIENCE_MS = 10_000;

export class Answer {
  readonly #first: Buffer;
  #got = Buffer.alloc(0);
  #bodyAt = -1;
  #line = '';

  /** `first` are the bytes that are sent once it is accepted. */
  constructor(first: Buffer) {
    this.#first = first;
  }

  /** The status line of a refusal, or what else is wrong so far. */
  get words(): string {
    if (this.#bodyAt < 0) return 'closed before the answer';
    if (!isAccepted(this.#line)) return this.#line;
    return this.#isWhole ? 'other bytes came back' : 'closed before the message was back';
  }

  take(chunk: Buffer): 'more' | 'accepted' | 'refused' | 'open' | 'garbled' {
    this.#got = Buffer.concat([this.#got, chunk]);
    if (this.#bodyAt < 0) {
      const end = this.#got.indexOf('\r\n\r\n');
      if (end < 0) return 'more';
      this.#line = this.#got.toString('latin1', 0, this.#got.indexOf('\r\n'));
      this.#bodyAt = end + 4;
      return isAccepted(this.#line) ? 'accepted' : 'refused';
    }
    if (!this.#isWhole) return 'more';
    return this.#got.subarray(this.#bodyAt).equals(this.#first) ? 'open' : 'garbled';
  }

  get #isWhole(): boolean {
    return this.#got.length - this.#bodyAt >= this.#first.length;
  }
}

function isAccepted(line: string): boolean {
  return line.split(' ')[1] === '200';
}
