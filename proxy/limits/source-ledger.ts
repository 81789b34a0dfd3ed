// Per-source counters of bounded size: a source has two cells of one block, chosen by a keyed hash, and its count is the smaller of the two,
// each summed over all rows. So it is never too low, and too high only for a source that shares both cells with busy ones.
// A block of all rows is one read, and a row's part of it one write. While this carrier is the only one its cells stay in memory; they are
// written out when another one appears.

import { readSync, writeSync } from 'node:fs';
import type { SourceKey } from '../core/ports.ts';
import { halfSipHash } from './half-sip-hash.ts';
import type { HashKey } from './half-sip-hash.ts';
import { BLOCK_CELLS, BLOCKS } from './ledger-file.ts';
import type { OtherRows } from './other-rows.ts';

export interface CellPlace {
  readonly fd: number;
  readonly row: number;
  readonly rows: number;
  readonly offset: number;
  readonly wordsPerCell: number;
}

/** What the words of a cell that start at `at` count. */
export type CountIn = (words: Uint32Array, at: number) => number;

/** This row's cells in memory, and the same cells of all rows in the file. What the words of a cell mean is the caller's. */
export class SourceCells {
  readonly #place: CellPlace;
  readonly #key: HashKey;
  readonly #hash = new Uint32Array(2);
  readonly #blockWords: number;
  readonly #own: Uint32Array;
  readonly #onFile: Uint32Array;
  /** One block of every row, as last read. */
  readonly #all: Uint32Array;
  /** Where the source last located has its cells: the block's first word in `own`, and the two cells' first words within the block. */
  #block = 0;
  #cells: readonly [number, number] = [0, 0];

  constructor(place: CellPlace, key: HashKey) {
    this.#place = place;
    this.#key = key;
    this.#blockWords = BLOCK_CELLS * place.wordsPerCell;
    this.#own = new Uint32Array(BLOCKS * this.#blockWords);
    this.#onFile = new Uint32Array(this.#own.length);
    this.#all = new Uint32Array(place.rows * this.#blockWords);
    this.#adoptFile();
  }

  locate(source: SourceKey): void {
    halfSipHash(this.#key, source, this.#hash);
    const [where = 0, which = 0] = this.#hash;
    const first = which % BLOCK_CELLS;
    const second = (first + 1 + ((which >>> 8) % (BLOCK_CELLS - 1))) % BLOCK_CELLS;
    this.#block = (where % BLOCKS) * this.#blockWords;
    this.#cells = [first * this.#place.wordsPerCell, second * this.#place.wordsPerCell];
  }

  /** Changes both cells of the located source, in memory. */
  change(change: (words: Uint32Array, at: number) => void): void {
    for (const cell of this.#cells) change(this.#own, this.#block + cell);
  }

  /** The located source's count; throws where the others' cells cannot be read. */
  count(countIn: CountIn, others: OtherRows): number {
    if (!others.isAlone) this.#readBlock();
    const [first, second] = this.#cells;
    return Math.min(this.#sum(first, countIn, others), this.#sum(second, countIn, others));
  }

  /** The located source's count in this row alone. */
  ownCount(countIn: CountIn): number {
    const [first, second] = this.#cells;
    return Math.min(countIn(this.#own, this.#block + first), countIn(this.#own, this.#block + second));
  }

  /** Writes the block of the located source. */
  write(): void {
    this.#writeBlock(this.#block);
  }

  /** Writes every block that the file has otherwise. */
  writeAll(): void {
    for (let block = 0; block < this.#own.length; block += this.#blockWords) {
      for (let word = block; word < block + this.#blockWords; word += 1) {
        if (this.#own[word] === this.#onFile[word]) continue;
        this.#writeBlock(block);
        break;
      }
    }
  }

  #sum(cell: number, countIn: CountIn, others: OtherRows): number {
    let count = countIn(this.#own, this.#block + cell);
    if (others.isAlone) return count;
    for (let row = 0; row < this.#place.rows; row += 1) {
      if (others.isInUse(row)) count += countIn(this.#all, row * this.#blockWords + cell);
    }
    return count;
  }

  #readBlock(): void {
    const bytes = this.#all.byteLength;
    if (readSync(this.#place.fd, this.#all, 0, bytes, this.#fileOffset(this.#block, 0)) !== bytes)
      throw new Error('the ledger is cut short');
  }

  #writeBlock(block: number): void {
    const { fd, row } = this.#place;
    writeSync(fd, this.#own, block * 4, this.#blockWords * 4, this.#fileOffset(block, row));
    for (let word = block; word < block + this.#blockWords; word += 1) this.#onFile[word] = this.#own[word] ?? 0;
  }

  #fileOffset(block: number, row: number): number {
    const { offset, rows } = this.#place;
    return offset + (block * rows + row * this.#blockWords) * 4;
  }

  /** What an earlier carrier left in this row, so that the first `writeAll` puts it right. */
  #adoptFile(): void {
    const { fd, row } = this.#place;
    for (let block = 0; block < this.#onFile.length; block += this.#blockWords) {
      readSync(fd, this.#onFile, block * 4, this.#blockWords * 4, this.#fileOffset(block, row));
    }
  }
}
