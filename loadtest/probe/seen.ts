// What a probe has seen since it began.

import type { AgentFailure } from '../../agent/failure.ts';
import type { ProbeSeen } from '../run-record.ts';
import { Histogram } from '../shared/histogram.ts';
import type { StageName } from './open.ts';
import { ANSWER_MS } from './session.ts';
import type { Way } from './way.ts';

interface Refusals {
  count: number;
  readonly retryAfterSeconds: number[];
}

export class Seen {
  readonly #past = { us: new Histogram(), missing: 0 };
  readonly #through = { us: new Histogram(), missing: 0 };
  readonly #stages = new Map<string, { readonly door: Way['door']; readonly stage: StageName; readonly us: Histogram }>();
  readonly #refusals = new Map<string, Refusals & { readonly status: number; readonly reason: string }>();

  /** Null: its answer is missing. */
  turn({ door }: Way, ms: number | null): void {
    const side = door === 'direct' ? this.#past : this.#through;
    if (ms === null) side.missing += 1;
    else side.us.add(ms * 1_000);
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
      directUs: this.#past.us.sparse(),
      throughUs: this.#through.us.sparse(),
      missing: { past: this.#past.missing, through: this.#through.missing, afterMs: ANSWER_MS },
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
