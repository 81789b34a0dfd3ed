// The decisions of all carriers as one row of news. Carriers are asked when somebody wants to know, and twice a second while somebody listens.

import type { Clock } from '../../core/clock.ts';
import { carrierSocket } from '../../core/runtime-files.ts';
import { askJson, askSupervisor } from '../ask.ts';
import { type CarrierDecisions, DECISIONS_PATH } from '../carrier-api.ts';
import type { DecisionRow } from '../recent-decisions.ts';

/** Some 0.5 MiB. */
export const FEED_KEPT = 1_000;

export interface FeedRow extends DecisionRow {
  readonly generation: number;
  readonly carrier: number;
}

export interface DecisionFilter {
  readonly reason: string | null;
  readonly tenant: string | null;
  readonly allow: boolean | null;
}

export interface News {
  /** In the order of their time. */
  readonly rows: readonly FeedRow[];
  /** Decisions that came too fast to be kept, since the look before. */
  readonly missed: number;
}

export class DecisionFeed {
  readonly #runtime: string;
  readonly #clock: Clock;
  /** How far each carrier's decisions are known; another pid is another run, whose counting began anew. */
  readonly #cursors = new Map<string, { readonly pid: number; readonly next: number }>();
  #kept: FeedRow[] = [];
  readonly #heard: (news: News) => void;
  #polling: Promise<void> | null = null;

  /** `heard` is told what is new, whoever asked for it. */
  constructor(runtime: string, clock: Clock, heard: (news: News) => void) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#heard = heard;
  }

  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = null;
    });
    return this.#polling;
  }

  /** The youngest first. */
  async recent({ reason, tenant, allow }: DecisionFilter, limit: number): Promise<readonly FeedRow[]> {
    await this.poll();
    const isWanted = (row: FeedRow): boolean =>
      (reason === null || row.reason === reason) &&
      (tenant === null || (row.tenant ?? '') === tenant) &&
      (allow === null || row.allow === allow);
    return this.#kept.filter(isWanted).slice(-limit).toReversed();
  }

  /** What is known already, without asking anybody: for somebody who begins to listen. The youngest last. */
  known(limit: number): readonly FeedRow[] {
    return this.#kept.slice(-limit);
  }

  async #poll(): Promise<void> {
    const { slots = [] } = (await askSupervisor(this.#runtime, this.#clock)) ?? {};
    const found = await Promise.all(slots.filter(({ pid }) => pid !== null).map(({ generation, slot }) => this.#pollOne(generation, slot)));
    const rows = found.flatMap((news) => news.rows).sort((a, b) => a.atMs - b.atMs);
    this.#kept = [...this.#kept, ...rows].slice(-FEED_KEPT);
    this.#heard({ rows, missed: found.reduce((sum, news) => sum + news.missed, 0) });
  }

  async #pollOne(generation: number, carrier: number): Promise<News> {
    const key = `${generation}/${carrier}`;
    const known = this.#cursors.get(key);
    const path = `${DECISIONS_PATH}?after=${known?.next ?? 0}`;
    const page = (await askJson(carrierSocket(this.#runtime, generation, carrier), path, this.#clock)) as CarrierDecisions | null;
    if (page === null) return { rows: [], missed: 0 };
    this.#cursors.set(key, { pid: page.pid, next: page.next });
    // What went by before anybody asked, or in another run, was not missed.
    return { rows: page.rows.map((row) => ({ ...row, generation, carrier })), missed: known?.pid === page.pid ? page.missed : 0 };
  }
}
