// Metrics that CloudWatch counts in the logs, from the table of reasons: how many opens failed for which we, or what is behind us, are to blame.
// A client's own mistakes count neither way. Pure.

import { BURN_FAST, BURN_SLOW, ERROR_BUDGET, FAILED_REASONS } from '../monitoring/levels.ts';
import type { CountedMetric } from './alarms.ts';

export interface Count {
  readonly id: string;
  readonly metric: CountedMetric;
  readonly pattern: string;
  /** 1, or the field that holds how many. */
  readonly value: string;
}

/** Filter patterns hold 1,024 characters (CloudWatch Logs quotas). */
export const PATTERN_LENGTH_MAX = 1_024;

const FAILED = FAILED_REASONS.map((reason) => `($.reason = "${reason}")`).join(' || ');

export const OPENS_COUNTS: readonly Count[] = [
  { id: 'opens-good', metric: 'opens_good', pattern: '{ ($.event = "decision") && ($.reason = "OK") }', value: '1' },
  { id: 'opens-failed', metric: 'opens_failed', pattern: `{ ($.event = "decision") && (${FAILED}) }`, value: '1' },
  // Beyond twenty refusals a minute of one source and reason there is one line for the rest (docs/records.md).
  { id: 'opens-failed-more', metric: 'opens_failed', pattern: `{ ($.event = "summary") && (${FAILED}) }`, value: '$.count' },
  // From the log, and not from the metric: the agent sends what a counter has grown by since it was last seen, so that the first of a reason is lost.
  { id: 'opens-internal', metric: 'opens_internal', pattern: '{ ($.event = "decision") && ($.reason = "INTERNAL") }', value: '1' },
];

export const FLEET_COUNTS: readonly Count[] = [
  { id: 'fleet-rounds', metric: 'fleet_rounds', pattern: '{ $.event = "ran" }', value: '1' },
  {
    ...{ id: 'fleet-troubles', metric: 'fleet_troubles', value: '1' },
    pattern: '{ ($.event = "drift") || ($.event = "failed") || ($.event = "file-bad") }',
  },
];

export interface Burn {
  readonly id: string;
  /** The long window, and the short one. */
  readonly windowsS: readonly [number, number];
  readonly threshold: number;
  readonly says: string;
}

export const BURNS: readonly Burn[] = [
  {
    ...{ id: 'burn-fast', windowsS: [3_600, 300], threshold: BURN_FAST * ERROR_BUDGET },
    says: 'Opens fail so often that the error budget of 28 days is gone in two. Look at which reason it is: the dashboard has them.',
  },
  {
    ...{ id: 'burn-slow', windowsS: [21_600, 1_800], threshold: BURN_SLOW * ERROR_BUDGET },
    says: 'Opens have failed for hours so often that the error budget of 28 days is gone in five.',
  },
];

/** Of `failed` and `good`. */
export const burnExpression = 'FILL(failed,0)/(FILL(failed,0)+FILL(good,0)+0.000001)';
