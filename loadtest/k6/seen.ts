// What a VU's agents have seen since its last tick.

import type { Action } from '../shared/agent.ts';
import { Histogram } from '../shared/histogram.ts';
import type { Tick } from '../shared/tick.ts';

export type Saw = Extract<Action, { saw: string }>;

const NONE = { tried: 0, opened: 0, closed: 0, sent: 0, back: 0, unanswered: 0 };

export class Seen {
  #established = 0;
  #counts = { ...NONE };
  #failed: Record<string, number> = {};
  #dropped: Record<string, number> = {};
  readonly #us = { openUs: new Histogram(), dialUs: new Histogram(), connackUs: new Histogram(), roundTripUs: new Histogram() };

  get established(): number {
    return this.#established;
  }

  add(saw: Saw): void {
    switch (saw.saw) {
      case 'tried':
      case 'sent':
        this.#counts[saw.saw] += 1;
        return;
      case 'closed':
        this.#counts.closed += 1;
        this.#established -= 1;
        return;
      case 'dialled':
        return this.#us.dialUs.add(saw.ms * 1_000);
      case 'opened':
        this.#counts.opened += 1;
        this.#established += 1;
        this.#us.openUs.add(saw.openMs * 1_000);
        return this.#us.connackUs.add(saw.connackMs * 1_000);
      case 'back':
        this.#counts.back += 1;
        return this.#us.roundTripUs.add(saw.ms * 1_000);
      case 'unanswered':
        this.#counts.unanswered += saw.count;
        return;
      case 'failed':
        this.#failed[saw.reason] = (this.#failed[saw.reason] ?? 0) + 1;
        return;
      case 'dropped':
        this.#dropped[saw.how] = (this.#dropped[saw.how] ?? 0) + 1;
        this.#established -= 1;
    }
  }

  /** Empties it, all but what stands. */
  take(at: number, vu: number, wanted: number): Tick {
    const counts = Object.fromEntries(Object.entries(this.#counts).filter(([, count]) => count > 0));
    const us = Object.fromEntries(Object.entries(this.#us).map(([name, histogram]) => [name, histogram.sparse()]));
    const tick = { at, vu, established: this.#established, wanted, ...counts, failed: this.#failed, dropped: this.#dropped, ...us };
    this.#counts = { ...NONE };
    this.#failed = {};
    this.#dropped = {};
    for (const histogram of Object.values(this.#us)) histogram.clear();
    return tick;
  }
}
