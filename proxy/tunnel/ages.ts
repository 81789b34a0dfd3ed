// Which sessions are as old as they may be. What is due in a second is kept together, so that to look costs nothing for those that are not,
// however many there are.

const SECOND_MS = 1_000;

export interface Ageing {
  /** When it is too old, as a moment of the clock; `Infinity` for one that may have any age. */
  readonly endsMs: number;
}

export class Ages<T extends Ageing> {
  readonly #bySecond = new Map<number, Set<T>>();
  #looked: number;

  constructor(nowMs: number) {
    this.#looked = Math.floor(nowMs / SECOND_MS);
  }

  add(one: T): void {
    if (one.endsMs === Infinity) return;
    // One that comes from another process may be too old already.
    const second = Math.max(secondOf(one), this.#looked + 1);
    const those = this.#bySecond.get(second);
    if (those) those.add(one);
    else this.#bySecond.set(second, new Set([one]));
  }

  delete(one: T): void {
    if (one.endsMs === Infinity) return;
    const second = secondOf(one);
    const those = this.#bySecond.get(second);
    if (those?.delete(one) && those.size === 0) this.#bySecond.delete(second);
  }

  /** Those that have become too old since the last look; each is given once. */
  due(nowMs: number): T[] {
    const now = Math.floor(nowMs / SECOND_MS);
    const due: T[] = [];
    if (this.#bySecond.size === 0) this.#looked = Math.max(this.#looked, now);
    while (this.#looked < now) {
      this.#looked += 1;
      for (const one of this.#bySecond.get(this.#looked) ?? []) due.push(one);
      this.#bySecond.delete(this.#looked);
    }
    return due;
  }
}

/** The first whole second in which it is too old. */
function secondOf({ endsMs }: Ageing): number {
  return Math.ceil(endsMs / SECOND_MS);
}
