// Every call to the API goes through here: within the budget, and again with jittered back-off where that helps.

import type { Route53Client } from '@aws-sdk/client-route-53';
import { type Clock, sleep } from '../../clock.ts';
import type { Budget } from './budget.ts';
import { mayTryAgain } from './failure.ts';

/** With full jitter: about 30 s in all at the most, longer than a change of a zone usually takes to be accepted. */
const TRIES_MAX = 8;
const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 8_000;

export interface CallerDeps {
  readonly client: Pick<Route53Client, 'send'>;
  readonly budget: Budget;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export class Caller {
  readonly #deps: CallerDeps;

  constructor(deps: CallerDeps) {
    this.#deps = deps;
  }

  /** What the SDK throws is thrown on: what it means is the caller's matter. */
  async call<T>(send: (client: Pick<Route53Client, 'send'>) => Promise<T>): Promise<T> {
    const { client, budget, clock, random } = this.#deps;
    for (let tries = 1; ; tries += 1) {
      await budget.take();
      try {
        return await send(client);
      } catch (error) {
        if (tries === TRIES_MAX || !mayTryAgain(error)) throw error;
        await sleep(clock, random() * Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (tries - 1)));
      }
    }
  }
}
