// The moments at which a drain closes a tunnel: one by chance in each slot of time, so that devices do not come back to a beat, and never
// more than the rate in the time for which it is a rate.

/** The pace aims at this share of the rate: chance and late closes then have room below it. 20,000 tunnels at 8 a second take 44 minutes. */
export const AIM = 0.95;
/** More closes a second than this go out several at once. */
const MOMENTS_PER_SECOND_MAX = 50;
/** So much longer than a second takes what a second may have: the far end sees closes nearer to each other than they were told. */
const BLUR_MS = 30;

export class Pace {
  readonly #random: () => number;
  /** The moments of the last closes, as many as one second may have. */
  readonly #recent: number[] = [];
  #rate: number;
  #slotMs = -Infinity;

  /** `rate` is closes per second. */
  constructor(rate: number, random: () => number) {
    this.#rate = rate;
    this.#random = random;
  }

  set rate(rate: number) {
    this.#rate = rate;
  }

  /** How many are closed at one moment. */
  get atOnce(): number {
    return Math.max(1, Math.ceil(this.#rate / MOMENTS_PER_SECOND_MAX));
  }

  /** When to close next, at `nowMs` or later. A slot that has passed unused is lost: what a stall has missed is not made up for. */
  next(nowMs: number): number {
    const lengthMs = (1_000 * this.atOnce) / (this.#rate * AIM);
    const followsMs = this.#slotMs + lengthMs;
    this.#slotMs = nowMs - followsMs < lengthMs ? followsMs : nowMs;
    return Math.max(nowMs, this.#slotMs + this.#random() * lengthMs, this.#earliestMs());
  }

  closed(atMs: number): void {
    this.#recent.push(atMs + BLUR_MS);
    if (this.#recent.length > MOMENTS_PER_SECOND_MAX) this.#recent.shift();
  }

  /** As many as a second may have, and the one behind them, are a second apart; or what it takes at a rate that is no whole number. */
  #earliestMs(): number {
    const { atOnce } = this;
    const inSecond = Math.max(1, Math.floor(this.#rate / atOnce));
    const first = this.#recent.at(-inSecond);
    return first === undefined ? -Infinity : first + (atOnce > 1 ? 1_000 : (1_000 * inSecond) / this.#rate);
  }
}
