/** The filters that one connection holds, and the SUBSCRIBEs that the broker has yet to answer. */

import type { ISubscription } from 'mqtt-packet';
import { mergeCodes, type SubscribeAnswer } from './subscribe-rules.ts';

interface Pending {
  readonly asked: readonly string[];
  readonly answer: SubscribeAnswer;
}

export class Subscriptions {
  #filters = new Set<string>();
  readonly #pending = new Map<number, Pending>();

  get filters(): ReadonlySet<string> {
    return this.#filters;
  }

  /** Those of a session that goes on. */
  restore(filters: Iterable<string>): void {
    this.#filters = new Set(filters);
  }

  /** Counted before the broker answers: a retained message may come ahead of the SUBACK. */
  begin(messageId: number, asked: readonly string[], answer: SubscribeAnswer): ISubscription[] {
    this.#pending.set(messageId, { asked, answer });
    for (const { topic } of answer.forward) this.#filters.add(topic);
    return [...answer.forward];
  }

  /** The SUBACK's codes; undefined where nothing was asked under this identifier. */
  complete(messageId: number, granted: readonly number[]): number[] | undefined {
    const pending = this.#pending.get(messageId);
    this.#pending.delete(messageId);
    return pending && mergeCodes(pending.asked, pending.answer, granted);
  }

  remove(filters: readonly string[]): void {
    for (const filter of filters) this.#filters.delete(filter);
  }
}
