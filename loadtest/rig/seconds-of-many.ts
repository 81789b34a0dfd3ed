// Adds up what several processes say of one second. A second is told when all have spoken of it, or when one has spoken of a later one but one:
// a process that is short of CPU is late, and one that hangs must not silence the others.

import type { FarEndSeen } from '../run-record.ts';

const LATE_SECONDS = 2;

export class SecondsOfMany {
  readonly #many: number;
  readonly #tell: (at: number, seen: FarEndSeen) => void;
  readonly #said = new Map<number, Map<number, FarEndSeen>>();
  #toldUntil = -Infinity;

  constructor(many: number, tell: (at: number, seen: FarEndSeen) => void) {
    this.#many = many;
    this.#tell = tell;
  }

  /** What comes for a second that was told already counts with the next one: no CONNECT is lost. */
  add(who: number, at: number, seen: FarEndSeen): void {
    const second = Math.max(at, this.#toldUntil + 1);
    const said = this.#said.get(second) ?? new Map<number, FarEndSeen>();
    const before = said.get(who);
    said.set(who, before === undefined ? seen : joined(before, seen));
    this.#said.set(second, said);
    for (const [known, ones] of [...this.#said].sort(([one], [other]) => one - other)) {
      if (ones.size === this.#many || known <= at - LATE_SECONDS) this.#close(known, [...ones.values()]);
      else break;
    }
  }

  #close(at: number, seen: readonly FarEndSeen[]): void {
    this.#said.delete(at);
    this.#toldUntil = at;
    const sum = (of: (one: FarEndSeen) => number): number => seen.reduce((total, one) => total + of(one), 0);
    this.#tell(at, {
      connects: sum((one) => one.connects),
      overQuota: sum((one) => one.overQuota),
      messages: sum((one) => one.messages),
    });
  }
}

/** Two seconds of one process. */
function joined(before: FarEndSeen, after: FarEndSeen): FarEndSeen {
  return {
    connects: before.connects + after.connects,
    overQuota: before.overQuota + after.overQuota,
    messages: before.messages + after.messages,
  };
}
