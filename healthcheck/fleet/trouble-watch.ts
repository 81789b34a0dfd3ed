// Whether the rest of the fleet takes what a drain sends it: the rule by which a node slows down by itself, for the others' numbers. Pure.

import { harmPerSecond, isHarm } from '../../proxy/core/harm.ts';

export class TroubleWatch {
  readonly #last = new Map<string, number>();
  #quietest = Infinity;

  /** One look, HARM_LOOK_MS after the one before: what each of the others has counted since it began; the reason to go slower, or null. */
  look(counts: ReadonlyMap<string, number>, rate: number): string | null {
    const since = new Map<string, number>();
    for (const [slot, count] of counts) {
      const before = this.#last.get(slot);
      // A node that was started again begins anew.
      if (before !== undefined && count >= before) since.set(slot, count - before);
      this.#last.set(slot, count);
    }
    if (since.size === 0) return null;
    const sum = [...since.values()].reduce((total, count) => total + count, 0);
    this.#quietest = Math.min(this.#quietest, sum);
    if (!isHarm(sum, this.#quietest, rate)) return null;
    const [[worst, most] = ['', 0]] = [...since].toSorted(([, a], [, b]) => b - a);
    return `${worst} refused, failed or lost ${harmPerSecond(most)} a second`;
  }
}
