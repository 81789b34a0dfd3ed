// Pings of one session that wait for their answers. MQTT answers them in their order. Pure: times come in by argument.

/**
 * Milliseconds from the moment for which the ping was meant to its answer. Null: the ping is missing, because no answer came in time or there was
 * no session for it.
 */
export type Took = (ms: number | null) => void;

export class Pings {
  readonly #answerMs: number;
  readonly #waiting: { readonly intendedMs: number; readonly took: Took }[] = [];

  /** An answer that takes longer is none. */
  constructor(answerMs: number) {
    this.#answerMs = answerMs;
  }

  add(intendedMs: number, took: Took): void {
    this.#waiting.push({ intendedMs, took });
  }

  answered(nowMs: number): void {
    const ping = this.#waiting.shift();
    if (ping === undefined) return;
    const ms = nowMs - ping.intendedMs;
    ping.took(ms <= this.#answerMs ? ms : null);
  }

  isOverdue(nowMs: number): boolean {
    const [oldest] = this.#waiting;
    return oldest !== undefined && nowMs - oldest.intendedMs > this.#answerMs;
  }

  /** The session is gone, and no answer comes any more. */
  lose(): void {
    for (const { took } of this.#waiting.splice(0)) took(null);
  }
}
