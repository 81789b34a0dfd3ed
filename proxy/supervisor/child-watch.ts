// When the supervisor looks after its children: often while one starts, ends or is late, each second while they work, and seldom while all of them
// rest. What else comes again and again in this process goes by the same clock, and rests with them.

import { atOwnPace, type Cancel } from '../core/clock.ts';
import type { RestingClock } from '../core/resting-clock.ts';
import type { Keeper } from './keeper.ts';

const WATCH_MS = 1_000;
/** While a child starts, ends, or is late. */
const CLOSE_WATCH_MS = 250;
/**
 * A look that comes so late means that we were stopped ourselves, or the whole machine was. With the beat that a calm child may be late by it is less
 * than what a child that works is killed for; for one that rests a keeper's second look, a second behind its first, sees to that.
 */
const LATE_MS = 700;

export interface ChildWatchOptions {
  readonly clock: RestingClock;
  readonly keepers: () => readonly Pick<Keeper, 'isCalm' | 'isResting'>[];
  /** Looks at each of them; `late` as in `Keeper.watch`. */
  readonly look: (late: boolean) => void;
}

export class ChildWatch {
  readonly #options: ChildWatchOptions;
  #lookedMs = 0;
  /** The last look knew of a rest of so much. */
  #restMs = 0;
  #cancel: Cancel = () => {};

  constructor(options: ChildWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    this.#lookedMs = clock.nowMs();
    this.#cancel = atOwnPace(clock, CLOSE_WATCH_MS, (_, periodMs) => this.#look(periodMs));
  }

  stop(): void {
    this.#cancel();
  }

  /** A child does not rest, or not any more, or is late: the next look is a second away at most. */
  stirred(): void {
    this.#options.clock.work();
  }

  /** Gives back when it wants to look again. */
  #look(periodMs: number): number {
    const { clock, keepers, look } = this.#options;
    const nowMs = clock.nowMs();
    const late = nowMs - this.#lookedMs >= Math.max(periodMs, this.#restMs) + LATE_MS;
    this.#lookedMs = nowMs;
    look(late);
    const all = keepers();
    clock.restIf(all.every(({ isResting }) => isResting));
    this.#restMs = clock.restMs ?? 0;
    return all.every(({ isCalm }) => isCalm) ? WATCH_MS : CLOSE_WATCH_MS;
  }
}
