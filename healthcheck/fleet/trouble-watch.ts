// Whether the rest of the fleet takes what a drain sends it: the rule by which a node slows down by itself, for the others' numbers. Pure.

/** Between two looks. */
export const WATCH_MS = 5_000;
/** Of what closes between two looks at the full rate. */
const SHARE = 0.5;
const LEAST = 5;

export class TroubleWatch {
  readonly #last = new Map<string, number>();
  #quietest = Infinity;

  /** What each of the others has counted since it began; the reason to go slower, or null. */
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
    if (sum <= this.#quietest + Math.max(LEAST, (SHARE * rate * WATCH_MS) / 1_000)) return null;
    const [[worst, most] = ['', 0]] = [...since].toSorted(([, a], [, b]) => b - a);
    return `${worst} refused, failed or lost ${Math.round((1_000 * most) / WATCH_MS)} a second`;
  }
}
