// What a probe has seen since it began.

import type { AgentFailure } from '../../agent/failure.ts';
import type { ProbeSeen } from '../run-record.ts';
import { Histogram } from '../shared/histogram.ts';
import type { StageName } from './open.ts';
import type { Way } from './way.ts';

interface Refusals {
  count: number;
  readonly retryAfterSeconds: number[];
}

export class Seen {
  readonly #direct = new Histogram();
  readonly #through = new Histogram();
  readonly #stages = new Map<string, { readonly door: Way['door']; readonly stage: StageName; readonly us: Histogram }>();
  readonly #refusals = new Map<string, Refusals & { readonly status: number; readonly reason: string }>();

  roundTrip(way: Way, ms: number): void {
    (way.door === 'direct' ? this.#direct : this.#through).add(ms * 1_000);
  }

  stage({ door }: Way, stage: StageName, ms: number): void {
    const key = `${door} ${stage}`;
    const known = this.#stages.get(key) ?? { door, stage, us: new Histogram() };
    known.us.add(ms * 1_000);
    this.#stages.set(key, known);
  }

  /** Only what a proxy has answered is a refusal; a connection that failed otherwise is k6's to count. */
  failure({ facts }: AgentFailure): void {
    const { leg, status, code, retryAfterMs } = facts;
    if (leg !== 'proxy-answer' || status === undefined) return;
    const key = `${status} ${code}`;
    const known = this.#refusals.get(key) ?? { status, reason: code, count: 0, retryAfterSeconds: [] };
    known.count += 1;
    if (retryAfterMs !== undefined) known.retryAfterSeconds.push(retryAfterMs / 1_000);
    this.#refusals.set(key, known);
  }

  all(): ProbeSeen {
    return {
      directUs: this.#direct.sparse(),
      throughUs: this.#through.sparse(),
      stages: [...this.#stages.values()].map(({ us, ...rest }) => ({ ...rest, us: us.sparse() })),
      refusals: [...this.#refusals.values()].map(({ status, reason, count, retryAfterSeconds }) => ({
        status,
        reason,
        count,
        retryAfterSeconds: rangeOf(retryAfterSeconds),
      })),
    };
  }
}

function rangeOf(seconds: readonly number[]): { count: number; least: number; most: number } | null {
  if (seconds.length === 0) return null;
  const least = seconds.reduce((one, other) => Math.min(one, other));
  const most = seconds.reduce((one, other) => Math.max(one, other));
  return { count: seconds.length, least, most };
}
