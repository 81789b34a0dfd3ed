// What each node may open, and what the whole fleet may close, from the account's CONNECT quota. Pure.

import type { Fleet } from './fleet.ts';

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
  const total = slots.reduce((sum, { weight }) => sum + weight, 0);
  const largest = Math.max(...slots.map(({ weight }) => weight));
  const share = (weight: number): number => Math.max(1, Math.floor((quota.connectsPerSecond * weight) / total));
  return {
    nodes: slots.map(({ id, weight }) => ({ slot: id, opensPerSecond: share(weight === 0 ? largest : weight) })),
    closesPerSecond: Math.floor(quota.connectsPerSecond * quota.closeShare),
  };
}
