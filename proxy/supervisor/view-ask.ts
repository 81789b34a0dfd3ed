// A child's question to its supervisor, over the channel that they have anyway: how are all processes of the node?

import type { Clock } from '../core/clock.ts';
import type { SupervisorView } from '../core/supervision.ts';

/** A control that takes over from an earlier version’s asks a supervisor that does not know the question, while nobody answers at its addresses. */
const ANSWER_MS = 250;

export class ViewAsk {
  readonly #clock: Clock;
  readonly #say: () => void;
  #waiting: ((view: SupervisorView | null) => void) | null = null;
  #isDeaf = false;

  /** `say` puts the question. */
  constructor(clock: Clock, say: () => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /**
   * Null where it does not answer in time: it hangs, or is of a version that does not know the question. Then it is not asked again, until an
   * answer comes after all. One question at a time.
   */
  ask(): Promise<SupervisorView | null> {
    if (this.#isDeaf) return Promise.resolve(null);
    return new Promise((resolve) => {
      const settle = (view: SupervisorView | null): void => {
        this.#waiting = null;
        this.#isDeaf = view === null;
        cancel();
        resolve(view);
      };
      const cancel = this.#clock.after(ANSWER_MS, () => settle(null));
      this.#waiting = settle;
      this.#say();
    });
  }

  answered(view: SupervisorView): void {
    this.#isDeaf = false;
    this.#waiting?.(view);
  }
}
