// How many of a VU's agents should be there, second by second. No dependency: k6 runs this file too.

import type { AgentPlan } from './agent-plan.ts';
import { opensAtMs, wantedUntilMs } from './schedule.ts';

export class Wanted {
  readonly #plan: AgentPlan;
  readonly #numbers: readonly number[];
  /** How many should have begun, and how many of those should be gone. */
  #begun = 0;
  #over = 0;

  /** `numbers`: of the VU's agents, rising. */
  constructor(plan: AgentPlan, numbers: readonly number[]) {
    this.#plan = plan;
    this.#numbers = numbers;
  }

  /**
   * Of the second that was the last whole one at this moment, as it was at its end: a VU is late, and what should be gone by now stood then.
   * Moments only rise.
   */
  lastSecond(nowMs: number): { readonly at: number; readonly wanted: number } {
    const end = Math.floor(nowMs / 1_000);
    while (this.#begun < this.#numbers.length && opensAtMs(this.#plan, this.#number(this.#begun)) <= end * 1_000) this.#begun += 1;
    while (this.#over < this.#begun && wantedUntilMs(this.#plan, this.#number(this.#over)) <= end * 1_000) this.#over += 1;
    return { at: end - 1, wanted: this.#begun - this.#over };
  }

  #number(place: number): number {
    return this.#numbers[place] ?? 0;
  }
}
