// What a rehearsal comes to: counts, and differences summed by what an operator would ask about. Bounded, however long the logs are and whatever
// strangers have asked for in them.

import type { ReasonCode } from '../../core/fault.ts';
import { UNKNOWN, type Unknown, type Verdict } from './judge-recorded.ts';
import type { ReadLine, Recorded } from './recorded.ts';

/** Of targets that somebody has made up there is no end. */
export const GROUPS_MAX = 10_000;

export type Difference = 'refused' | 'allowed' | 'other-reason';

export interface Group {
  readonly difference: Difference;
  /** `HOST:PORT`; null where the record has none. */
  readonly target: string | null;
  readonly tenant: string | null;
  readonly before: ReasonCode;
  /** Null: no listener has the door. */
  readonly now: ReasonCode | null;
  readonly decisions: number;
}

export interface Outcome {
  readonly lines: number;
  readonly decisions: number;
  readonly same: number;
  /** Of those the same: so many if their tenants come with the right token or certificate again. */
  readonly ifProven: number;
  readonly differing: Readonly<Record<Difference, number>>;
  /** The largest first. */
  readonly groups: readonly Group[];
  /** Decisions that differ and are in no group, beyond GROUPS_MAX of them. */
  readonly ungrouped: number;
  readonly unknown: Readonly<Record<Unknown, number>>;
  readonly otherLines: number;
  readonly unreadable: number;
}

export class Tally {
  #lines = 0;
  #decisions = 0;
  #same = 0;
  #ifProven = 0;
  #otherLines = 0;
  #unreadable = 0;
  #ungrouped = 0;
  readonly #differing = { refused: 0, allowed: 0, 'other-reason': 0 };
  readonly #groups = new Map<string, Group>();
  readonly #unknown = Object.fromEntries(Object.keys(UNKNOWN).map((why) => [why, 0])) as Record<Unknown, number>;

  get lines(): number {
    return this.#lines;
  }

  /** Anything but a decision. */
  line(read: Exclude<ReadLine, Recorded>): void {
    this.#lines += 1;
    if (read === 'other') this.#otherLines += 1;
    else this.#unreadable += 1;
  }

  decision(recorded: Recorded, verdict: Verdict): void {
    const count = recorded.count ?? 1;
    this.#lines += 1;
    this.#decisions += count;
    if (verdict.kind === 'unknown') this.#unknown[verdict.why] += count;
    else if (verdict.kind === 'differs') this.#differs(recorded, verdict.now);
    else {
      this.#same += 1;
      if (verdict.kind === 'same-if-proven') this.#ifProven += 1;
    }
  }

  outcome(): Outcome {
    return {
      lines: this.#lines,
      decisions: this.#decisions,
      same: this.#same,
      ifProven: this.#ifProven,
      differing: { ...this.#differing },
      groups: [...this.#groups.values()].toSorted((a, b) => b.decisions - a.decisions),
      ungrouped: this.#ungrouped,
      unknown: { ...this.#unknown },
      otherLines: this.#otherLines,
      unreadable: this.#unreadable,
    };
  }

  #differs({ reason: before, tenant, host, port, sni }: Recorded, now: ReasonCode | null): void {
    const difference = before === 'OK' ? 'refused' : now === 'OK' ? 'allowed' : 'other-reason';
    this.#differing[difference] += 1;
    const target = host === null ? sni : `${host}:${port}`;
    const key = `${before} ${now} ${tenant} ${target}`;
    const group = this.#groups.get(key);
    if (group === undefined && this.#groups.size >= GROUPS_MAX) this.#ungrouped += 1;
    else this.#groups.set(key, { difference, target, tenant, before, now, decisions: (group?.decisions ?? 0) + 1 });
  }
}
