// The other carriers' records as last read from the ledger. What cannot be read counts as nobody: a carrier then goes on with its own counts.

import { readSync } from 'node:fs';
import { ROW, rowOffset } from './ledger-file.ts';
import { opensInLastSecond } from './open-rate.ts';

export class OtherRows {
  readonly #fd: number;
  readonly #own: number;
  readonly #words: Uint32Array;
  #isAlone = true;

  constructor(fd: number, own: number, rows: number) {
    this.#fd = fd;
    this.#own = own;
    this.#words = new Uint32Array(rows * ROW.words);
  }

  /** As of the last `read`: no other row is in use. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** False where the file could not be read. */
  read(): boolean {
    if (this.#words.length === ROW.words) return true;
    const isRead = this.#readAll();
    if (!isRead) this.#words.fill(0);
    this.#isAlone = !this.#someInUse();
    return isRead;
  }

  isInUse(row: number): boolean {
    return row !== this.#own && this.#words[row * ROW.words + ROW.inUse] === 1;
  }

  /** Rows besides the own one. */
  inUse(): number {
    let rows = 0;
    for (let row = 0; row * ROW.words < this.#words.length; row += 1) if (this.isInUse(row)) rows += 1;
    return rows;
  }

  /** The mark of the carrier that has another row; 0 where nobody has. */
  epochOf(row: number): number {
    return this.isInUse(row) ? (this.#words[row * ROW.words + ROW.epoch] ?? 0) : 0;
  }

  /** One word of every other row in use. No row is believed more than it can have: garbage must not become a refusal for ever. */
  sum(word: number, rowMax: number): number {
    if (this.#isAlone) return 0;
    let sum = 0;
    for (let row = 0; row * ROW.words < this.#words.length; row += 1) {
      if (this.isInUse(row)) sum += Math.min(this.#words[row * ROW.words + word] ?? 0, rowMax);
    }
    return sum;
  }

  opens(nowMs: number): number {
    if (this.#isAlone) return 0;
    let opens = 0;
    for (let row = 0; row * ROW.words < this.#words.length; row += 1) {
      if (this.isInUse(row)) opens += opensInLastSecond(this.#words, row * ROW.words, nowMs);
    }
    return opens;
  }

  #someInUse(): boolean {
    for (let row = 0; row * ROW.words < this.#words.length; row += 1) {
      if (this.isInUse(row)) return true;
    }
    return false;
  }

  #readAll(): boolean {
    try {
      return readSync(this.#fd, this.#words, 0, this.#words.byteLength, rowOffset(0)) === this.#words.byteLength;
    } catch {
      return false;
    }
  }
}
