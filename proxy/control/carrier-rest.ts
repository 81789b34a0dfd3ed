// Whether a carrier rests: few connections come, nothing is short or in doubt, and nobody has ordered anything. It then has its turns seldom.

import type { RestingClock } from '../core/resting-clock.ts';

/** More in a second are work. Health checks are among them: sixteen of Route 53's own, every ten seconds, are less. */
export const CONNECTIONS_PER_SECOND = 10;

export interface CarrierRestDeps {
  readonly clock: RestingClock;
  /** Something else has to be looked at each second. */
  hasWork(): boolean;
}

export class CarrierRest {
  readonly #deps: CarrierRestDeps;
  #connections = 0;
  #lookedMs: number;

  constructor(deps: CarrierRestDeps) {
    this.#deps = deps;
    this.#lookedMs = deps.clock.nowMs();
  }

  /** One has come. Ends a rest before many more do. */
  connection(): void {
    const { clock } = this.#deps;
    this.#connections += 1;
    if (clock.restMs !== null && this.#connections > this.#few(clock.restMs)) clock.work();
  }

  /** Often; `isAtWork`: there is something to do, or to be looked at. */
  look(isAtWork: boolean): void {
    const { clock, hasWork } = this.#deps;
    const nowMs = clock.nowMs();
    const isQuiet = this.#connections <= this.#few(nowMs - this.#lookedMs) && !isAtWork && !hasWork();
    this.#connections = 0;
    this.#lookedMs = nowMs;
    clock.restIf(isQuiet);
  }

  #few(ms: number): number {
    return (CONNECTIONS_PER_SECOND * ms) / 1_000;
  }
}
