import type { Outcome } from './contract.ts';

/** What a step found instead of a way through. */
export class StepFailure extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome, why: string) {
    super(why);
    this.outcome = outcome;
  }
}

/** Node's or OpenSSL's code where there is one: it says the kind of failure, and nothing that came from the wire. */
export function codeOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
}
