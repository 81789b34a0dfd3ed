// The fleet as every part of this folder sees it: what FLEET.yaml says, checked and with its defaults worked out.

import type { Role } from './schema.ts';

export interface Slot {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  readonly role: Role;
  readonly admin: string | null;
  readonly token: string | null;
  /** When `fleet drain` took its weight, as the zone has it (drained.ts); null in every other slot, and in what a file says. */
  readonly drainedSince: string | null;
}

export interface CheckSettings {
  readonly protocol: 'http' | 'https' | 'tcp';
  readonly port: number;
  /** Both null with `tcp` only. */
  readonly path: string | null;
  readonly search: string | null;
  readonly intervalS: 10 | 30;
  readonly threshold: number;
}

export interface Fleet {
  readonly name: string;
  readonly companion: string;
  /** Name or id of the hosted zone. */
  readonly zone: string;
  readonly ttlS: number;
  readonly owner: string;
  readonly quota: { readonly connectsPerSecond: number; readonly closeShare: number };
  readonly guard: { readonly minWeight: number; readonly withdrawnShare: number };
  readonly check: CheckSettings;
  readonly slots: readonly Slot[];
}

/**
 * Route 53 lets one name have one routing policy, so the multivalue answers need a name of their own. `-all` behind the first label keeps it
 * under the same wildcard certificate.
 */
export function companionOf(name: string): string {
  return name.replace('.', '-all.');
}

/** TCP connect within 4 s, then the status line within 2 s (Route 53 developer guide, how health is determined). */
const CHECK_ANSWER_S = 6;

/** Longest time from a node's death until resolvers give out other addresses: the last failing check, and the last cached answer. */
export function secondsToLeaveDns(check: Pick<CheckSettings, 'intervalS' | 'threshold'>, ttlS: number): number {
  return check.threshold * (check.intervalS + CHECK_ANSWER_S) + ttlS;
}

/** What the fleet promises for a dead node. */
export const LEAVE_DNS_BELOW_S = 110;
