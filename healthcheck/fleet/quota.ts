// What each node may open, and what the whole fleet may close, from the account's CONNECT quota. Pure.

import type { Fleet, Slot } from './fleet.ts';

export interface NodeLimit {
  readonly slot: string;
  /** What `limits.opensPerSecond` of its file should be. */
  readonly opensPerSecond: number;
}

export interface Budget {
  readonly nodes: readonly NodeLimit[];
  /** Tunnels per second that planned work may close, over all nodes together. */
  readonly closesPerSecond: number;
}

/**
 * Agents that come back follow the weights, so the quota is shared out by weight: all nodes that serve together never ask more of AWS IoT
 * than it gives. A slot without weight gets what the largest has, since it is there to take the place of one.
 */
export function shareQuota({ quota, slots }: Pick<Fleet, 'quota' | 'slots'>): Budget {
  return {
    nodes: slots.map((slot) => ({ slot: slot.id, opensPerSecond: shareOf(quota.connectsPerSecond, slots, slot) })),
    closesPerSecond: closeBudget(quota),
  };
}

/** What a node may close of the whole fleet's budget, by the same shares: so much is put down for one that does not say what it closes. */
export function closeShareOf({ quota, slots }: Pick<Fleet, 'quota' | 'slots'>, slot: Pick<Slot, 'weight'>): number {
  return shareOf(closeBudget(quota), slots, slot);
}

function closeBudget({ connectsPerSecond, closeShare }: Fleet['quota']): number {
  return Math.floor(connectsPerSecond * closeShare);
}

function shareOf(all: number, slots: readonly Slot[], { weight }: Pick<Slot, 'weight'>): number {
  const total = slots.reduce((sum, slot) => sum + slot.weight, 0);
  const largest = Math.max(...slots.map((slot) => slot.weight));
  return Math.max(1, Math.floor((all * (weight === 0 ? largest : weight)) / total));
}
