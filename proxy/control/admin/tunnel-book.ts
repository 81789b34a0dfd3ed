// The open tunnels of the whole node, gathered page by page so that no carrier is held up, kept for a moment, and searched and sorted here: 50,000
// rows are paged through in control, and no carrier knows of it.

import type { Clock } from '../../core/clock.ts';
import type { TunnelRow } from '../../core/ports.ts';
import { carrierSocket } from '../../core/runtime-files.ts';
import { askJson, askSupervisor } from '../ask.ts';
import { type CarrierTunnels, TUNNEL_PAGE_ROWS } from '../carrier-api.ts';
import { SharedLook } from '../shared-look.ts';

/** Some 500 bytes each in control's memory while somebody looks. Of a node with more, the oldest of each carrier are shown. */
const ROWS_MAX = 200_000;
const FRESH_MS = 1_000;
/** A page takes a busy carrier longer than a status does. */
const ASK_TIMEOUT_MS = 5_000;
/** Orders by which somebody pages at the moment: each is kept as long as its look. */
const ORDERS_MAX = 8;

export interface BookRow extends TunnelRow {
  readonly generation: number;
  readonly carrier: number;
  /** Bytes both ways per second, between the last two looks; null of a tunnel that was not there at the one before. */
  readonly rate: number | null;
}

export const TUNNEL_SORTS = ['age', 'bytes', 'rate', 'idle'] as const;
export type TunnelSort = (typeof TUNNEL_SORTS)[number];
export const TOP_GROUPS = ['tenant', 'target', 'source', 'endpoint', 'door'] as const;
export type TopGroup = (typeof TOP_GROUPS)[number];
export const TOP_SORTS = ['tunnels', 'bytes', 'rate'] as const;
export type TopSort = (typeof TOP_SORTS)[number];

export interface TunnelFilter {
  /** Part of an id, a client, a target, a tenant or an upstream; upper and lower case are the same. */
  readonly search: string | null;
  readonly tenant: string | null;
  readonly door: string | null;
  readonly endpoint: string | null;
}

export interface TunnelQuery extends TunnelFilter {
  readonly sort: TunnelSort;
  readonly order: 'desc' | 'asc';
  readonly offset: number;
  readonly limit: number;
}

export interface FoundTunnels {
  /** Of the look, milliseconds since the epoch. */
  readonly atMs: number;
  /** On the node. */
  readonly tunnels: number;
  /** Of those that could be looked at, how many the filter lets through. */
  readonly matching: number;
  readonly offset: number;
  /** `GENERATION/SLOT` of carriers that did not answer. */
  readonly silent: readonly string[];
  /** There were too many to look at all of them. */
  readonly isPartial: boolean;
  readonly rows: readonly BookRow[];
}

export interface TopRow {
  readonly name: string;
  readonly tunnels: number;
  readonly bytes: number;
  readonly rate: number;
}

export interface FoundTop extends Pick<FoundTunnels, 'atMs' | 'tunnels' | 'silent' | 'isPartial'> {
  readonly groups: number;
  readonly rows: readonly TopRow[];
}

interface Look {
  readonly atMs: number;
  readonly tunnels: number;
  readonly silent: readonly string[];
  readonly isPartial: boolean;
  readonly rows: readonly BookRow[];
  /** By filter and order; filled as they are asked for. */
  readonly orders: Map<string, readonly BookRow[]>;
}

/** Bytes of each tunnel, and when they were counted. */
type Counted = Map<string, { readonly bytes: number; readonly atMs: number }>;

export class TunnelBook {
  readonly #runtime: string;
  readonly #clock: Clock;
  readonly #look: SharedLook<Look>;
  #before: Counted = new Map();

  constructor(runtime: string, clock: Clock) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#look = new SharedLook(clock, FRESH_MS, () => this.#gather());
  }

  async find(query: TunnelQuery): Promise<FoundTunnels> {
    const look = await this.#look.get();
    const ordered = orderedBy(look, query);
    const { atMs, tunnels, silent, isPartial } = look;
    const { offset, limit } = query;
    return { atMs, tunnels, matching: ordered.length, offset, silent, isPartial, rows: ordered.slice(offset, offset + limit) };
  }

  async top(by: TopGroup, sort: TopSort, limit: number): Promise<FoundTop> {
    const { atMs, tunnels, silent, isPartial, rows } = await this.#look.get();
    const sums = sumsBy(rows, by);
    const top = sums.toSorted((a, b) => b[sort] - a[sort] || (a.name < b.name ? -1 : 1)).slice(0, limit);
    return { atMs, tunnels, silent, isPartial, groups: sums.length, rows: top };
  }

  /** These were closed: whoever asks sees them no more, also before the next look. */
  closed(isClosed: (row: BookRow) => boolean): void {
    this.#look.patch((look) => {
      const rows = look.rows.filter((row) => !isClosed(row));
      return { ...look, rows, tunnels: look.tunnels - (look.rows.length - rows.length), orders: new Map() };
    });
  }

  /** A page at a time, and as much as can be done with each page: whoever asks meanwhile waits for one page, and not for all of them. */
  async #gather(): Promise<Look> {
    const { slots = [] } = (await askSupervisor(this.#runtime, this.#clock)) ?? {};
    const running = slots.filter(({ pid }) => pid !== null);
    const share = Math.floor(ROWS_MAX / Math.max(1, running.length));
    const counted: Counted = new Map();
    const answers = await Promise.all(
      running.map(async ({ generation, slot }) => ({ generation, slot, found: await this.#gatherOf(generation, slot, share, counted) })),
    );
    this.#before = counted;
    return {
      atMs: this.#clock.wallMs(),
      tunnels: answers.reduce((sum, { found }) => sum + (found?.tunnels ?? 0), 0),
      silent: answers.filter(({ found }) => found === null).map(({ generation, slot }) => `${generation}/${slot}`),
      isPartial: answers.some(({ found }) => found?.isPartial),
      rows: answers.flatMap(({ found }) => found?.rows ?? []),
      orders: new Map(),
    };
  }

  /** Null where it does not answer. What it counts goes into `counted`. */
  async #gatherOf(generation: number, slot: number, max: number, counted: Counted) {
    const socket = carrierSocket(this.#runtime, generation, slot);
    const rows: BookRow[] = [];
    let after: number | null = 0;
    let tunnels = 0;
    while (after !== null && rows.length < max) {
      const path = `/tunnels?limit=${TUNNEL_PAGE_ROWS}&after=${after}`;
      const page = (await askJson(socket, path, this.#clock, ASK_TIMEOUT_MS)) as CarrierTunnels | null;
      if (page === null) return null;
      const atMs = this.#clock.nowMs();
      for (const row of page.rows) {
        rows.push({ ...row, generation, carrier: slot, rate: this.#rateOf(row, atMs) });
        counted.set(row.id, { bytes: row.bytesUp + row.bytesDown, atMs });
      }
      ({ next: after, tunnels } = page);
    }
    return { tunnels, rows, isPartial: after !== null };
  }

  #rateOf({ id, bytesUp, bytesDown }: TunnelRow, atMs: number): number | null {
    const before = this.#before.get(id);
    if (!before || atMs <= before.atMs) return null;
    return Math.max(0, Math.round((1_000 * (bytesUp + bytesDown - before.bytes)) / (atMs - before.atMs)));
  }
}

function orderedBy(look: Look, { sort, order, ...filter }: TunnelQuery): readonly BookRow[] {
  const { search, tenant, door, endpoint } = filter;
  const key = JSON.stringify([sort, order, search, tenant, door, endpoint]);
  const known = look.orders.get(key);
  if (known) return known;
  const sign = order === 'desc' ? -1 : 1;
  const measured = look.rows.filter(wantedBy(filter)).map((row) => ({ row, value: MEASURES[sort](row) }));
  // Stable: of those with the same value the order of the carriers stays, and that costs nothing where all have the same.
  measured.sort((a, b) => sign * (a.value - b.value));
  const ordered = measured.map(({ row }) => row);
  const [oldest] = look.orders.keys();
  if (oldest !== undefined && look.orders.size >= ORDERS_MAX) look.orders.delete(oldest);
  look.orders.set(key, ordered);
  return ordered;
}

/** One that has no rate yet stands behind those that have one of nothing. */
const MEASURES: Readonly<Record<TunnelSort, (row: BookRow) => number>> = {
  age: ({ ageMs }) => ageMs,
  bytes: ({ bytesUp, bytesDown }) => bytesUp + bytesDown,
  rate: ({ rate }) => rate ?? -1,
  idle: ({ idleMs }) => idleMs,
};

function wantedBy({ search, tenant, door, endpoint }: TunnelFilter): (row: BookRow) => boolean {
  // A pattern makes no copy of each text in lower case: a third of the time, of 50,000 rows.
  const wanted = search === null ? null : new RegExp(RegExp.escape(search), 'i');
  const isFound = (text: string | null): boolean => text !== null && wanted?.test(text) === true;
  return (row) => {
    if (tenant !== null && (row.tenant ?? '') !== tenant) return false;
    if (door !== null && row.door !== door) return false;
    if (endpoint !== null && row.endpoint !== endpoint) return false;
    return wanted === null || isFound(row.client) || isFound(row.id) || isFound(row.target) || isFound(row.tenant) || isFound(row.upstream);
  };
}

function sumsBy(rows: readonly BookRow[], by: TopGroup): TopRow[] {
  const sums = new Map<string, { name: string; tunnels: number; bytes: number; rate: number }>();
  for (const row of rows) {
    const name = NAMES[by](row) ?? '';
    const sum = sums.get(name) ?? { name, tunnels: 0, bytes: 0, rate: 0 };
    sum.tunnels += 1;
    sum.bytes += row.bytesUp + row.bytesDown;
    sum.rate += row.rate ?? 0;
    sums.set(name, sum);
  }
  return [...sums.values()];
}

const NAMES: Readonly<Record<TopGroup, (row: BookRow) => string | null>> = {
  tenant: ({ tenant }) => tenant,
  target: ({ target }) => target,
  source: ({ client }) => client.slice(0, client.lastIndexOf(':')).replace(/^\[|\]$/g, ''),
  endpoint: ({ endpoint }) => endpoint,
  door: ({ door }) => door,
};
