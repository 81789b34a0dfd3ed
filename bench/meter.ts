// What one step of a turn took: the proxy's CPU, which is what it costs, and the load's own, which says whether the load held the proxy up.

import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds } from './measure.ts';

export interface Metered<Answer> {
  readonly answer: Answer;
  /** CPU seconds of the proxy, what it did in the rest behind the step included. */
  readonly cpu: number;
  /** Share of a core that the busiest program of the load used during the step. */
  readonly loadBusy: number;
}

export class Meter {
  readonly #proxy: number;
  readonly #load: readonly number[];

  constructor(proxyPid: number, loadPids: readonly number[]) {
    this.#proxy = proxyPid;
    this.#load = loadPids;
  }

  async step<Answer>(work: () => Promise<Answer>, restMs = 0): Promise<Metered<Answer>> {
    const cpuBefore = cpuSeconds(this.#proxy);
    const loadBefore = this.#load.map((pid) => cpuSeconds(pid));
    const startedMs = performance.now();
    const answer = await work();
    const seconds = (performance.now() - startedMs) / 1_000;
    const loadBusy = Math.max(...this.#load.map((pid, at) => (cpuSeconds(pid) - (loadBefore[at] ?? 0)) / seconds));
    await delay(restMs);
    return { answer, cpu: cpuSeconds(this.#proxy) - cpuBefore, loadBusy };
  }
}
