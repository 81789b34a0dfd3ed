// Who was refused, and why: since the node began, and in the last minutes. Counted by the carriers; summed up here while somebody looks.

import type { Clock } from '../../core/clock.ts';
import { type Blame, REASONS, type ReasonCode } from '../../core/fault.ts';
import type { MetricJson } from '../metrics-json.ts';
import { SharedLook } from '../shared-look.ts';

const FRESH_MS = 2_000;
/** What `recent` looks back on, as far as somebody has looked that long. */
const RECENT_MS = 300_000;
/** Sums are kept this far apart. */
const SPACING_MS = 10_000;

export interface RefusalRow {
  readonly reason: string;
  /** Whose matter it is; null of a reason that this version does not know. */
  readonly blame: Blame | null;
  readonly message: string;
  /** Empty where the tenant was not known yet, or there are none. */
  readonly tenant: string;
  /** Since the node began. */
  readonly count: number;
  readonly recent: number;
}

export interface FoundRefusals {
  /** Over all rows, also those that are left out. */
  readonly total: number;
  readonly recent: number;
  /** So far back `recent` looks: up to five minutes, from when somebody began to ask. */
  readonly recentMs: number;
  /** Pairs of a reason and a tenant. */
  readonly pairs: number;
  readonly rows: readonly RefusalRow[];
}

type Sums = ReadonlyMap<string, number>;

interface Kept {
  readonly atMs: number;
  readonly sums: Sums;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #look: SharedLook<Sums>;
  /** The oldest first. */
  #kept: Kept[] = [];

  /** `counters` gives the counters of the node, a group for each carrier's run. */
  constructor(clock: Clock, counters: () => Promise<readonly (readonly MetricJson[])[]>) {
    this.#clock = clock;
    this.#look = new SharedLook(clock, FRESH_MS, async () => this.#keep(sumsOf(await counters())));
  }

  async find(limit: number): Promise<FoundRefusals> {
    const now = await this.#look.get();
    const since = this.#kept[0] ?? { atMs: this.#clock.nowMs(), sums: now };
    const rows = [...now].map(([key, count]) => rowOf(key, count, count - (since.sums.get(key) ?? 0)));
    const sum = (of: 'count' | 'recent'): number => rows.reduce((total, row) => total + row[of], 0);
    return {
      total: sum('count'),
      recent: sum('recent'),
      recentMs: Math.round(this.#clock.nowMs() - since.atMs),
      pairs: rows.length,
      rows: rows.toSorted((a, b) => b.recent - a.recent || b.count - a.count).slice(0, limit),
    };
  }

  #keep(sums: Sums): Sums {
    const atMs = this.#clock.nowMs();
    const last = this.#kept.at(-1);
    // Nobody has looked for a while: what lies between says nothing of the last minutes.
    if (last && atMs - last.atMs > RECENT_MS) this.#kept = [];
    if (!last || atMs - last.atMs >= SPACING_MS) this.#kept.push({ atMs, sums });
    this.#kept = this.#kept.filter((kept) => atMs - kept.atMs <= RECENT_MS);
    return sums;
  }
}

function sumsOf(groups: readonly (readonly MetricJson[])[]): Sums {
  const sums = new Map<string, number>();
  for (const group of groups) {
    for (const { value, labels } of group.find(({ name }) => name === 'pinhole_opens_total')?.values ?? []) {
      const { reason = '', tenant = '' } = labels as { reason?: string; tenant?: string };
      if (reason === 'OK') continue;
      const key = `${reason} ${tenant}`;
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
  }
  return sums;
}

function rowOf(key: string, count: number, recent: number): RefusalRow {
  const space = key.indexOf(' ');
  const reason = key.slice(0, space);
  const known = Object.hasOwn(REASONS, reason) ? REASONS[reason as ReasonCode] : null;
  return { reason, blame: known?.blame ?? null, message: known?.message ?? '', tenant: key.slice(space + 1), count, recent };
}
