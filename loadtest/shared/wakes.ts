// Which of many agents is due next: a heap, so that a VU with hundreds of agents needs one timer.
// No dependency: k6 runs this file too.

export interface Wake<T> {
  readonly atMs: number;
  readonly who: T;
}

export class Wakes<T> {
  /** Each is no later than the two at twice its place (and one more) behind it. */
  readonly #heap: Wake<T>[] = [];

  /** The earliest, left in. */
  get first(): Wake<T> | undefined {
    return this.#heap[0];
  }

  add(wake: Wake<T>): void {
    let at = this.#heap.push(wake) - 1;
    for (;;) {
      const parent = (at - 1) >> 1;
      if (at === 0 || this.#at(parent) <= wake.atMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#heap[at] = wake;
  }

  /** Takes the earliest out if it is due. */
  take(nowMs: number): Wake<T> | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(wake: Wake<T>): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(child) >= wake.atMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#heap[at] = wake;
  }

  #at(place: number): number {
    return this.#heap[place]?.atMs ?? Infinity;
  }

  #move(from: number, to: number): void {
    const wake = this.#heap[from];
    if (wake !== undefined) this.#heap[to] = wake;
  }
}
