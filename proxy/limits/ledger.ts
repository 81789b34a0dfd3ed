// The node's shared limits as one carrier sees them: its own counts in memory, everybody's in a file. Each carrier writes absolute numbers
// and only to its own row, so nothing drifts, a torn read is wrong for one decision at most, and control is not needed.
// A carrier that finds itself alone keeps its per-source counts in memory.

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { FaultCode } from '../core/fault.ts';
import type { Limits, SourceKey } from '../core/ports.ts';
import { ledgerFile, tenantLedgerFile } from '../core/runtime-files.ts';
import type { TenantPlace } from '../core/tenant.ts';
import type { LimitSettings, Settings } from '../core/settings.ts';
import type { Capacity } from '../core/supervision.ts';
import { capacityOf, pendingRoom } from '../core/capacity.ts';
import {
  PENDING_CELL_WORDS,
  pendingCellsOffset,
  readHeader,
  REFUSAL_CELL_WORDS,
  refusalCellsOffset,
  ROW,
  rowOffset,
} from './ledger-file.ts';
import { countOpen, opensInLastSecond } from './open-rate.ts';
import { OtherRows } from './other-rows.ts';
import { countRefusal, refusalsInLastSecond } from './refusal-rate.ts';
import { SourceCells } from './source-ledger.ts';
import type { CountIn } from './source-ledger.ts';
import { takesTooMuch, tenantFault, TenantLedger } from './tenant-ledger.ts';

/** How long a carrier that was alone takes itself to be alone still when it counts a connection; opens always look. */
const ALONE_MS = 20;

export type LedgerLimits = Pick<LimitSettings, 'opensPerSecond' | 'pending' | 'perSource'> & {
  readonly capacity: Pick<Capacity, 'tunnels' | 'perCarrier' | 'nofile'>;
};

export interface Ledger extends Limits {
  /** The same counts, held to other limits. */
  under(limits: LedgerLimits): Ledger;
  /** Over all carriers, as of now. */
  tunnels(): number;
  pending(): number;
  opensPerSecond(): number;
  /** Carriers that there are, of every generation. */
  carriers(): number;
  /** Reads and writes of the file that failed; the carrier then went on with what it knew. */
  ioFaults(): number;
  close(): void;
}

export interface LedgerOptions {
  readonly runtime: string;
  readonly row: number;
  readonly settings: Pick<Settings, 'limits' | 'carriers'>;
  /** Descriptors that one carrier may hold. */
  readonly descriptors: number;
  readonly clock: Clock;
}

export function openLedger({ runtime, row, settings, descriptors, clock }: LedgerOptions): Ledger {
  return openLedgerFile(ledgerFile(runtime), row, ledgerLimits(settings, descriptors), clock);
}

export function ledgerLimits({ limits, carriers }: LedgerOptions['settings'], descriptors: number): LedgerLimits {
  return { ...limits, capacity: capacityOf(limits.tunnels, carriers, descriptors) };
}

/** Throws where the file is no ledger, or has no such row. */
export function openLedgerFile(file: string, row: number, limits: LedgerLimits, clock: Clock): Ledger {
  const fd = openSync(file, 'r+');
  try {
    const header = readHeader(fd, file);
    if (row < 0 || row >= header.rows) throw new Error(`${file}: has ${header.rows} rows, and no row ${row}`);
    return heldTo(limits, new LedgerCounts({ fd, row, header, clock, tenants: tenantLedgerFile(file) }));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function heldTo(limits: LedgerLimits, counts: LedgerCounts): Ledger {
  return {
    tenantLimit: (tenant) => counts.tenantLimit(tenant),
    open: (tenant) => counts.open(limits, tenant),
    closed: (tenant) => counts.closed(tenant),
    movedHere: (tenant) => counts.movedHere(limits, tenant),
    pendingStarted: (source) => counts.pendingStarted(source, limits),
    isPendingFull: () => counts.isPendingFull(limits),
    pendingEnded: (source) => counts.pendingEnded(source),
    refused: (source) => counts.refused(source) <= limits.perSource.refusalsPerSecond,
    tunnels: () => counts.tunnels(limits),
    pending: () => counts.pending(limits),
    opensPerSecond: () => counts.opensPerSecond(),
    carriers: () => counts.carriers(),
    ioFaults: () => counts.ioFaults(),
    under: (others) => heldTo(others, counts),
    close: () => counts.close(),
  };
}

interface LedgerPlace {
  readonly fd: number;
  readonly row: number;
  readonly header: { readonly rows: number; readonly k0: number; readonly k1: number };
  readonly clock: Clock;
  /** The file of the tenants' counts. */
  readonly tenants: string;
}

class LedgerCounts {
  readonly #fd: number;
  readonly #row: number;
  readonly #clock: Clock;
  /** This carrier's record: the truth. The file has a copy. */
  readonly #own = new Uint32Array(ROW.words);
  readonly #others: OtherRows;
  readonly #pendingCells: SourceCells;
  readonly #refusalCells: SourceCells;
  readonly #tenants: TenantLedger;
  /** Of the tenant that was asked about last, as of that moment. */
  #tenantOpens = 0;
  #lookedMs = -Infinity;
  #ioFaults = 0;

  constructor({ fd, row, header, clock, tenants }: LedgerPlace) {
    const { rows } = header;
    this.#fd = fd;
    this.#row = row;
    this.#clock = clock;
    this.#others = new OtherRows(fd, row, rows);
    this.#pendingCells = new SourceCells({ fd, row, rows, offset: pendingCellsOffset(rows), wordsPerCell: PENDING_CELL_WORDS }, header);
    this.#refusalCells = new SourceCells({ fd, row, rows, offset: refusalCellsOffset(rows), wordsPerCell: REFUSAL_CELL_WORDS }, header);
    this.#pendingCells.writeAll();
    this.#refusalCells.writeAll();
    const epoch = randomBytes(4).readUInt32LE(0) || 1;
    this.#tenants = new TenantLedger({ file: tenants, row, rows, epoch, others: this.#others });
    this.#own[ROW.epoch] = epoch;
    // Only now do the others count this row, whatever an earlier carrier left in its cells.
    this.#own[ROW.inUse] = 1;
    this.#writeOwn();
  }

  tenantLimit(tenant: TenantPlace): FaultCode | null {
    const nowMs = this.#clock.nowMs();
    this.#look(nowMs);
    const counts = this.#tenants.counts(tenant, nowMs);
    this.#tenantOpens = counts.opens;
    return tenantFault(tenant, counts);
  }

  open({ capacity, opensPerSecond }: LedgerLimits, tenant: TenantPlace | null = null): FaultCode | null {
    const nowMs = this.#clock.nowMs();
    this.#look(nowMs);
    const own = this.#own[ROW.tunnels] ?? 0;
    if (own >= capacity.perCarrier) return 'NODE_FULL';
    if (this.#sum(ROW.tunnels, capacity.perCarrier) >= capacity.tunnels) return 'NODE_FULL';
    const opens = this.#opens(nowMs);
    if (opens + 1 > opensPerSecond) return 'NODE_RATE_LIMITED';
    if (tenant && takesTooMuch(tenant, this.#tenantOpens, opens, opensPerSecond)) return 'NODE_RATE_LIMITED';

    this.#own[ROW.tunnels] = own + 1;
    countOpen(this.#own, 0, nowMs);
    this.#writeOwn();
    if (tenant) this.#tenants.opened(tenant, nowMs);
    return null;
  }

  closed(tenant: TenantPlace | null = null): void {
    if (tenant) this.#tenants.closed(tenant);
    this.#own[ROW.tunnels] = Math.max(0, (this.#own[ROW.tunnels] ?? 0) - 1);
    this.#writeOwn();
  }

  // The place is counted twice until the other carrier has heard of it, and never not at all: the limits are not passed meanwhile.
  movedHere({ capacity }: LedgerLimits, tenant: TenantPlace | null = null): boolean {
    const own = this.#own[ROW.tunnels] ?? 0;
    if (own >= capacity.perCarrier) return false;
    this.#own[ROW.tunnels] = own + 1;
    this.#writeOwn();
    if (tenant) this.#tenants.movedHere(tenant);
    return true;
  }

  pendingStarted(source: SourceKey, limits: LedgerLimits): boolean {
    const nowMs = this.#clock.nowMs();
    if (!this.#others.isAlone || nowMs - this.#lookedMs >= ALONE_MS) this.#look(nowMs);
    if (this.isPendingFull(limits)) return false;
    this.#pendingCells.locate(source);
    if (this.#count(this.#pendingCells, pendingIn) >= limits.perSource.pending) return false;

    this.#own[ROW.pending] = (this.#own[ROW.pending] ?? 0) + 1;
    this.#addPending(1);
    return true;
  }

  isPendingFull({ pending, capacity }: LedgerLimits): boolean {
    const own = this.#own[ROW.pending] ?? 0;
    if (own >= pendingRoom(capacity.nofile, this.#own[ROW.tunnels] ?? 0)) return true;
    return this.#sum(ROW.pending, pending) >= pending;
  }

  pendingEnded(source: SourceKey): void {
    this.#own[ROW.pending] = Math.max(0, (this.#own[ROW.pending] ?? 0) - 1);
    this.#pendingCells.locate(source);
    this.#addPending(-1);
  }

  /** Counts a refusal of this source; gives its refusals within the last second. */
  refused(source: SourceKey): number {
    const nowMs = this.#clock.nowMs();
    if (!this.#others.isAlone || nowMs - this.#lookedMs >= ALONE_MS) this.#look(nowMs);
    const cells = this.#refusalCells;
    cells.locate(source);
    cells.change((words, at) => countRefusal(words, at, nowMs));
    if (!this.#others.isAlone) this.#io(() => cells.write());
    return this.#count(cells, (words, at) => refusalsInLastSecond(words, at, nowMs));
  }

  tunnels({ capacity }: LedgerLimits): number {
    this.#look(this.#clock.nowMs());
    return this.#sum(ROW.tunnels, capacity.perCarrier);
  }

  pending({ pending }: LedgerLimits): number {
    this.#look(this.#clock.nowMs());
    return this.#sum(ROW.pending, pending);
  }

  opensPerSecond(): number {
    const nowMs = this.#clock.nowMs();
    this.#look(nowMs);
    return this.#opens(nowMs);
  }

  carriers(): number {
    this.#look(this.#clock.nowMs());
    return 1 + this.#others.inUse();
  }

  ioFaults(): number {
    return this.#ioFaults + this.#tenants.ioFaults();
  }

  close(): void {
    closeSync(this.#fd);
    this.#tenants.close();
  }

  /** Reads what all carriers say. Where another one has appeared, it must see what this one kept in memory. */
  #look(nowMs: number): void {
    this.#lookedMs = nowMs;
    const wasAlone = this.#others.isAlone;
    if (!this.#others.read()) this.#ioFaults += 1;
    if (!wasAlone || this.#others.isAlone) return;
    this.#writeOwn();
    this.#io(() => {
      this.#pendingCells.writeAll();
      this.#refusalCells.writeAll();
    });
  }

  #sum(word: number, rowMax: number): number {
    return (this.#own[word] ?? 0) + this.#others.sum(word, rowMax);
  }

  #opens(nowMs: number): number {
    return opensInLastSecond(this.#own, 0, nowMs) + this.#others.opens(nowMs);
  }

  #count(cells: SourceCells, countIn: CountIn): number {
    try {
      return cells.count(countIn, this.#others);
    } catch {
      this.#ioFaults += 1;
      return cells.ownCount(countIn);
    }
  }

  #addPending(change: 1 | -1): void {
    const cells = this.#pendingCells;
    cells.change((words, at) => (words[at] = Math.max(0, (words[at] ?? 0) + change)));
    if (this.#others.isAlone) return;
    this.#writeOwn();
    this.#io(() => cells.write());
  }

  #writeOwn(): void {
    try {
      writeSync(this.#fd, this.#own, 0, this.#own.byteLength, rowOffset(this.#row));
    } catch {
      this.#ioFaults += 1;
    }
  }

  #io(work: () => void): void {
    try {
      work();
    } catch {
      this.#ioFaults += 1;
    }
  }
}

function pendingIn(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}
