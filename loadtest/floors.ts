// What a process has at its lowest: beyond that is garbage which its collector has not come to yet, and ten processes have tens of MiB of it.

/** A collector that has nothing else to do comes by within that time. */
export const FLOOR_SECONDS = 120;

/** The lowest of the last `FLOOR_SECONDS` looks, a look a second, by process. */
export class Floors {
  #looks = new Map<number, number[]>();

  /** What was seen of every process in this second; one that is not among them is forgotten. */
  look(seen: ReadonlyMap<number, number>): void {
    this.#looks = new Map([...seen].map(([pid, kib]) => [pid, [...(this.#looks.get(pid) ?? []).slice(1 - FLOOR_SECONDS), kib]]));
  }

  /** Null where it was not seen in the last look. */
  of(pid: number): number | null {
    const looks = this.#looks.get(pid);
    return looks === undefined ? null : Math.min(...looks);
  }
}
