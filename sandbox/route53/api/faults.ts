// Trouble on demand: refusals, and connections that break before or after the work was done. Each is used up by the calls it hits.

import { REQUESTS_PER_SECOND } from '../limits.ts';
import type { ApiCode } from './api-error.ts';

export interface Fault {
  /** `refuse` answers with `code`; `lose-request` does nothing and breaks the connection, `lose-answer` does the work first. */
  readonly kind: 'refuse' | 'lose-request' | 'lose-answer' | 'silence';
  readonly code?: ApiCode;
  /** An operation by its name; every one where not given. */
  readonly action?: string;
  /** Calls it hits: one unless given. */
  readonly times?: number;
  /** Calls that it lets pass first. */
  readonly after?: number;
}

interface Armed {
  readonly fault: Fault;
  left: number;
  pass: number;
}

export class Faults {
  #armed: Armed[] = [];

  arm(fault: Fault): void {
    this.#armed.push({ fault, left: fault.times ?? 1, pass: fault.after ?? 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  take(action: string): Fault | null {
    for (const armed of this.#armed) {
      if (armed.fault.action !== undefined && armed.fault.action !== action) continue;
      if (armed.pass > 0) {
        armed.pass -= 1;
        continue;
      }
      armed.left -= 1;
      if (armed.left === 0) this.#armed = this.#armed.filter((other) => other !== armed);
      return armed.fault;
    }
    return null;
  }
}

/** So many requests in any second, as Route 53 counts them for an account; null: as many as come. */
export class RateLimit {
  readonly #perSecond: number | null;
  #recent: number[] = [];

  constructor(perSecond: number | null = REQUESTS_PER_SECOND) {
    this.#perSecond = perSecond;
  }

  isOver(nowMs: number): boolean {
    if (this.#perSecond === null) return false;
    this.#recent = this.#recent.filter((atMs) => atMs > nowMs - 1_000);
    if (this.#recent.length >= this.#perSecond) return true;
    this.#recent.push(nowMs);
    return false;
  }
}
