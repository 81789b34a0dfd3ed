// Slower when closing does harm: what a node refuses, fails to open or loses while it drains says how much the fleet can take.

import type { ReasonCode } from '../core/fault.ts';
import { REASONS } from '../core/fault.ts';
import { harmPerSecond, isHarm } from '../core/harm.ts';
import type { MetricJson } from './metrics-json.ts';
import { sumBy } from './metrics-json.ts';

/** Of the pace: below that closing goes on, since agents that find nobody else are there all the same. */
const SLOWEST = 1 / 8;
/** Looks without trouble after which it goes twice as fast again. */
const CALM_LOOKS = 3;

/**
 * Since the node began: refusals and failures that are not the client's own doing (agents that come back to a draining node among them), and
 * tunnels that ended without anybody having asked for it. Their agents come back too.
 */
export function troublesIn(groups: readonly (readonly MetricJson[])[]): number {
  let troubles = 0;
  for (const metrics of groups) {
    for (const [reason, count] of Object.entries(sumBy(metrics, 'pinhole_opens_total', 'reason'))) {
      const { blame } = REASONS[reason as ReasonCode] ?? REASONS.INTERNAL;
      if (blame === 'proxy' || blame === 'upstream') troubles += count;
    }
    const closes = sumBy(metrics, 'pinhole_closes_total', 'ended_by');
    troubles += (closes['upstream'] ?? 0) + (closes['fault'] ?? 0);
  }
  return troubles;
}

export interface Look {
  /** Troubles since the node began. */
  readonly troubles: number;
  /** Tunnels per second that are to be closed. */
  readonly rate: number;
  /** What others ask for, and why. */
  readonly asked: string | null;
}

export class Throttle {
  #last: number | null = null;
  #quietest = Infinity;
  #calm = 0;
  #factor = 1;
  #why: string | null = null;

  /** Of the rate. */
  get factor(): number {
    return this.#factor;
  }

  /** Null at full pace. */
  get why(): string | null {
    return this.#why;
  }

  /** One look, HARM_LOOK_MS after the one before. Says where the pace changed. */
  look({ troubles, rate, asked }: Look): 'slower' | 'faster' | null {
    // Control or a carrier may have been started again: counters that went back say nothing.
    const since = this.#last === null ? null : Math.max(0, troubles - this.#last);
    this.#last = troubles;
    if (since !== null) this.#quietest = Math.min(this.#quietest, since);
    const own = since === null ? null : this.#troubleOf(since, rate);
    const why = asked ?? own;
    if (why === null) return this.#calmed();
    this.#calm = 0;
    this.#why = why;
    if (this.#factor <= SLOWEST) return null;
    this.#factor /= 2;
    return 'slower';
  }

  #troubleOf(since: number, rate: number): string | null {
    return isHarm(since, this.#quietest, rate) ? `${harmPerSecond(since)} refused, failed or lost a second` : null;
  }

  #calmed(): 'faster' | null {
    this.#calm += 1;
    if (this.#factor === 1 || this.#calm < CALM_LOOKS) return null;
    this.#calm = 0;
    this.#factor = Math.min(1, this.#factor * 2);
    if (this.#factor === 1) this.#why = null;
    return 'faster';
  }
}
