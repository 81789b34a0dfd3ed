// One condition of readiness that neither a moment of trouble nor a moment of calm can flip: it trips once things were bad for long enough
// without a break, and clears once they were good for long enough. What is neither good nor bad changes nothing.

/** `between` is the band of the hysteresis, and what cannot be told. */
export type Sign = 'good' | 'bad' | 'between';

export interface Hold {
  readonly tripsAfterMs: number;
  readonly clearsAfterMs: number;
}

export interface LatchState {
  readonly isTripped: boolean;
  /** The moment of the clock at which it last tripped or cleared. */
  readonly sinceMs: number;
}

export class Latch {
  readonly #hold: Hold;
  #state: LatchState;
  /** Since when what is seen speaks against the state, without a break; null while it does not. */
  #againstSinceMs: number | null = null;

  constructor(hold: Hold, state: LatchState) {
    this.#hold = hold;
    this.#state = state;
  }

  /** What was seen last speaks against the state: before long it may be another. */
  get isInDoubt(): boolean {
    return this.#againstSinceMs !== null;
  }

  look(sign: Sign, nowMs: number): LatchState {
    const { isTripped } = this.#state;
    if (sign !== (isTripped ? 'good' : 'bad')) {
      this.#againstSinceMs = null;
      return this.#state;
    }
    this.#againstSinceMs ??= nowMs;
    const holdMs = isTripped ? this.#hold.clearsAfterMs : this.#hold.tripsAfterMs;
    if (nowMs - this.#againstSinceMs < holdMs) return this.#state;
    this.#againstSinceMs = null;
    this.#state = { isTripped: !isTripped, sinceMs: nowMs };
    return this.#state;
  }
}

/** For a measure of which less is worse: bad below `low`, good from `high` on. */
export function signOfShare(share: number | null, low: number, high: number): Sign {
  if (share === null) return 'between';
  return share < low ? 'bad' : share >= high ? 'good' : 'between';
}
