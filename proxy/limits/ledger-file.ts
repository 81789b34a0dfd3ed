// The file behind the node's shared limits: one row per carrier, written only by that carrier, read by all. No import but Node's own:
// the supervisor makes the file, and clears a row when its carrier has died.
//
//   header   magic, rows, the hash key of the per-source cells
//   rows     one record per carrier, side by side, so that one read shows all of them
//   cells    per-source counters in blocks: for each block the cells of all rows, side by side, for the same reason

import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';

const MAGIC = 0x314c4850; // "PHL1"
const HEADER_BYTES = 4_096;
const HEADER_WORDS = 4;

/** Opens are counted in buckets of 100 ms; 16 of them, a power of two, hold the second in question and some that are over. */
export const BUCKET_MS = 100;
export const BUCKETS = 16;
/** Words of a row: is it in use, tunnels, pending, the mark of the carrier that has it (0: of a version that has none), then per bucket its tick and its opens. */
export const ROW = { inUse: 0, tunnels: 1, pending: 2, epoch: 3, buckets: 4, words: 4 + 2 * BUCKETS } as const;
export const ROW_BYTES = ROW.words * 4;

/**
 * 2,048 blocks of 8 cells. 10,000 pending connections can bring at most 9 sources to 1,024 each: a stranger has both cells in common with one
 * of them once in 6,000 times.
 */
export const BLOCKS = 2_048;
export const BLOCK_CELLS = 8;
export const PENDING_CELL_WORDS = 1;
/** The second, then its refusals and those of the second before. */
export const REFUSAL_CELL_WORDS = 2;

export interface LedgerHeader {
  readonly rows: number;
  readonly k0: number;
  readonly k1: number;
}

export function rowOffset(row: number): number {
  return HEADER_BYTES + row * ROW_BYTES;
}

export function pendingCellsOffset(rows: number): number {
  return Math.ceil((HEADER_BYTES + rows * ROW_BYTES) / 4_096) * 4_096;
}

export function refusalCellsOffset(rows: number): number {
  return pendingCellsOffset(rows) + BLOCKS * BLOCK_CELLS * rows * PENDING_CELL_WORDS * 4;
}

function fileBytes(rows: number): number {
  return refusalCellsOffset(rows) + BLOCKS * BLOCK_CELLS * rows * REFUSAL_CELL_WORDS * 4;
}

/** Makes an empty ledger in place of whatever was there. Its carriers must be gone: they would go on counting in the old file. */
export function createLedger(file: string, rows: number): void {
  const fresh = `${file}.tmp`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    ftruncateSync(fd, fileBytes(rows));
    const key = randomBytes(8);
    const header = new Uint32Array([MAGIC, rows, key.readUInt32LE(0), key.readUInt32LE(4)]);
    writeSync(fd, header, 0, header.byteLength, 0);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
}

export function readHeader(fd: number, file: string): LedgerHeader {
  const header = new Uint32Array(HEADER_WORDS);
  readSync(fd, header, 0, header.byteLength, 0);
  const [magic, rows = 0, k0 = 0, k1 = 0] = header;
  if (magic !== MAGIC || rows < 1) throw new Error(`${file}: not a ledger of this version`);
  return { rows, k0, k1 };
}

export interface RowCounts {
  readonly tunnels: number;
  readonly pending: number;
  readonly inUse: boolean;
}

/** The records of all rows as they are now, `ROW.words` words each. */
export function readRecords(file: string): Uint32Array {
  const fd = openSync(file, 'r');
  try {
    const { rows } = readHeader(fd, file);
    const words = new Uint32Array(rows * ROW.words);
    readSync(fd, words, 0, words.byteLength, rowOffset(0));
    return words;
  } finally {
    closeSync(fd);
  }
}

/** What each row says now; the record of a carrier that has just died is still there. */
export function readRows(file: string): RowCounts[] {
  const words = readRecords(file);
  return Array.from({ length: words.length / ROW.words }, (_, row) => ({
    inUse: words[row * ROW.words + ROW.inUse] === 1,
    tunnels: words[row * ROW.words + ROW.tunnels] ?? 0,
    pending: words[row * ROW.words + ROW.pending] ?? 0,
  }));
}

/** Takes a dead carrier's counts out of the node's: its cells count no more either, since nobody reads those of a row not in use. */
export function clearRow(file: string, row: number): void {
  const fd = openSync(file, 'r+');
  try {
    const { rows } = readHeader(fd, file);
    if (row < 0 || row >= rows) throw new Error(`${file}: no row ${row}, there are ${rows}`);
    const empty = new Uint32Array(ROW.words);
    writeSync(fd, empty, 0, empty.byteLength, rowOffset(row));
  } finally {
    closeSync(fd);
  }
}
