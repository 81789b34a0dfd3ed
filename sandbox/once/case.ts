// One row of the drive: through which door, what was done, what ought to be seen, and how to do it.

import type { Door } from '../../agent/doors.ts';
import { AgentFailure } from '../../agent/failure.ts';

export interface Case {
  readonly door: Door;
  readonly what: string;
  readonly expected: string;
  /** Gives back what was seen, in the same words as `expected`; what it throws is seen too. */
  run(): Promise<string>;
}

export interface Outcome {
  readonly door: Door;
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly ms: number;
  readonly ok: boolean;
  /** More words, where something was not as expected. */
  readonly detail?: string;
}

/** One case after the other, until all are done or the signal says to stop. */
export async function drive(cases: readonly Case[], onOutcome: (outcome: Outcome) => void, stop?: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { door, what, expected, run } of cases) {
    if (stop?.aborted) break;
    const startedMs = performance.now();
    const { seen, detail } = await observe(run);
    const ok = seen === expected;
    const outcome = { door, what, expected, seen, ms: Math.round(performance.now() - startedMs), ok, ...(!ok && detail ? { detail } : {}) };
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

async function observe(run: () => Promise<string>): Promise<{ seen: string; detail?: string }> {
  try {
    return { seen: await run() };
  } catch (error) {
    if (error instanceof AgentFailure) return { seen: `${error.facts.code} (${error.facts.leg})`, detail: error.explain() };
    return { seen: 'failed', detail: String(error) };
  }
}
