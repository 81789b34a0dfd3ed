// What was read from the zone. Pure: types, and the few questions that are asked of them.

import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { CheckConfig } from './desired.ts';

export interface ObservedRecord {
  /** In lower case, without the closing dot. */
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | null;
  readonly weight: number | null;
  readonly isMultivalue: boolean;
  readonly ttlS: number | null;
  readonly values: readonly string[];
  readonly checkId: string | null;
  /** As it came: a DELETE has to repeat it exactly. */
  readonly original: ResourceRecordSet;
}

export interface Verdict {
  readonly healthyCheckers: number;
  readonly checkers: number;
}

export interface ObservedCheck {
  readonly id: string;
  readonly version: number;
  readonly callerReference: string;
  /** Null for kinds that we never make. */
  readonly config: CheckConfig | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
}

export interface Zone {
  readonly id: string;
  /** Without the closing dot. */
  readonly name: string;
}

export interface Observed {
  readonly zone: Zone;
  /** Of the fleet's name and its companion's, every type. */
  readonly records: readonly ObservedRecord[];
  /** Those that carry our mark. */
  readonly checks: readonly ObservedCheck[];
}

/** Route 53's own rule: more than 18 % of the checkers (developer guide, how health is determined). */
const HEALTHY_ABOVE = 0.18;

/** New checks and disabled ones count as healthy, as they do at Route 53. */
export function isHealthy({ verdict, config }: ObservedCheck): boolean {
  if (config?.disabled === true || verdict.checkers === 0) return true;
  const isUp = verdict.healthyCheckers / verdict.checkers > HEALTHY_ABOVE;
  return config?.inverted === true ? !isUp : isUp;
}

/** Healthy because checkers said so, not for want of an answer. */
export function isProven(check: ObservedCheck): boolean {
  return check.verdict.checkers > 0 && isHealthy(check);
}
