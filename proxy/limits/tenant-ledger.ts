// The tenants' shared counts, in a file beside the node's ledger: for each tenant's place the cells of all rows, side by side, so that one read shows
// a tenant on the whole node, however many tenants there are, and one write tells the others. A cell has the mark of the carrier that wrote it: what
// an earlier one left in the same row counts as nothing. The file grows with the places in use, and its holes take no room.

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { FaultCode } from '../core/fault.ts';
import type { TenantPlace } from '../core/tenant.ts';
import type { OtherRows } from './other-rows.ts';
import { CELL, type Cells, countOpenIn, makeCells, opensIn } from './tenant-cell.ts';

const CELL_BYTES = CELL.words * 4;
/**
 * No tenant that is one of many takes more than this many times what is left of the node's opens per second: four fifths where it is alone in its
 * storm, and with two such tenants there is still a ninth for the others (dynamic thresholds, Choudhury and Hahne 1998).
 */
const SHARE_OF_REST = 4;

export interface TenantLedgerOptions {
  readonly file: string;
  readonly row: number;
  readonly rows: number;
  /** Of this carrier; in its row of the ledger too. */
  readonly epoch: number;
  readonly others: OtherRows;
}

export class TenantLedger {
  readonly #file: string;
  #fd: number | null = null;
  readonly #row: number;
  readonly #rows: number;
  readonly #epoch: number;
  readonly #others: OtherRows;
  /** This carrier's cells, by place: the truth. */
  #own: Cells = makeCells(64);
  /** The cells of all rows of the place that was looked at last. */
  readonly #all: Cells;
  #ioFaults = 0;

  constructor({ file, row, rows, epoch, others }: TenantLedgerOptions) {
    this.#file = file;
    this.#row = row;
    this.#rows = rows;
    this.#epoch = epoch;
    this.#others = others;
    this.#all = makeCells(rows);
  }

  ioFaults(): number {
    return this.#ioFaults;
  }

  /** Over all carriers, as of now. */
  counts({ place }: TenantPlace, nowMs: number): { readonly tunnels: number; readonly opens: number } {
    const base = this.#baseOf(place);
    let tunnels = this.#own.words[base + CELL.tunnels] ?? 0;
    let opens = opensIn(this.#own, base, nowMs);
    if (this.#others.isAlone || !this.#read(place)) return { tunnels, opens };
    for (let row = 0; row < this.#rows; row += 1) {
      const at = row * CELL.words;
      const epoch = this.#others.epochOf(row);
      if (epoch === 0 || this.#all.words[at + CELL.epoch] !== epoch) continue;
      tunnels += this.#all.words[at + CELL.tunnels] ?? 0;
      opens += opensIn(this.#all, at, nowMs);
    }
    return { tunnels, opens };
  }

  opened({ place }: TenantPlace, nowMs: number): void {
    countOpenIn(this.#own, this.#baseOf(place), nowMs);
    this.#addTunnel(place, 1);
  }

  closed({ place }: TenantPlace): void {
    this.#addTunnel(place, -1);
  }

  movedHere({ place }: TenantPlace): void {
    this.#addTunnel(place, 1);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
  }

  /** A node without tenants never comes here, and has no such file. Throws where it cannot be had. */
  #opened(): number {
    this.#fd ??= openSync(this.#file, constants.O_RDWR | constants.O_CREAT, 0o600);
    return this.#fd;
  }

  #addTunnel(place: number, change: 1 | -1): void {
    const at = this.#baseOf(place) + CELL.tunnels;
    this.#own.words[at] = Math.max(0, (this.#own.words[at] ?? 0) + change);
    this.#write(place);
  }

  /** Makes room for a place that was not counted yet. */
  #baseOf(place: number): number {
    const base = place * CELL.words;
    if (base + CELL.words > this.#own.words.length) {
      const more = makeCells(Math.max(place + 1, (this.#own.words.length / CELL.words) * 2));
      more.words.set(this.#own.words);
      this.#own = more;
    }
    this.#own.words[base + CELL.epoch] = this.#epoch;
    return base;
  }

  /** False where it could not be read: this carrier then goes on with its own counts. */
  #read(place: number): boolean {
    const { words } = this.#all;
    try {
      const bytes = readSync(this.#opened(), words, 0, words.byteLength, place * this.#rows * CELL_BYTES);
      // Behind the end of the file nobody has counted anything yet.
      if (bytes < words.byteLength) words.fill(0, bytes >> 2);
      return true;
    } catch {
      this.#ioFaults += 1;
      return false;
    }
  }

  #write(place: number): void {
    try {
      writeSync(this.#opened(), this.#own.words, place * CELL_BYTES, CELL_BYTES, (place * this.#rows + this.#row) * CELL_BYTES);
    } catch {
      this.#ioFaults += 1;
    }
  }
}

/** Which of the tenant's own limits binds for one more tunnel. */
export function tenantFault(
  { tunnels, opensPerSecond }: TenantPlace,
  counts: { readonly tunnels: number; readonly opens: number },
): FaultCode | null {
  if (tunnels !== null && counts.tunnels >= tunnels) return 'TENANT_TUNNELS_FULL';
  return opensPerSecond !== null && counts.opens + 1 > opensPerSecond ? 'TENANT_RATE_LIMITED' : null;
}

/** True where one more would take from the other tenants: `opens` is its own, `nodeOpens` everybody's, within the last second. */
export function takesTooMuch(tenant: TenantPlace, opens: number, nodeOpens: number, opensPerSecond: number): boolean {
  return tenant.isOneOfMany && opens + 1 > SHARE_OF_REST * (opensPerSecond - nodeOpens);
}
