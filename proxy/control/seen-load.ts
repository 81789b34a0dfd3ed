// A carrier's load as control reads it. For up to two hours after an upgrade carriers of the version before answer a control of the next one,
// or the other way round after `--back`: what one of them does not say is unknown, and takes no part in what the others say.

import type { ResolverState } from '../core/ports.ts';
import { RESOLVER_STATES } from '../core/ports.ts';

export interface SeenLoad {
  readonly eventLoopDelayS: number | null;
  readonly descriptorsFree: number | null;
  readonly resolver: ResolverState;
  readonly shedding: readonly string[];
  readonly upstreams: Readonly<Record<string, number>>;
}

export function readLoad(load: unknown): SeenLoad {
  const { eventLoopDelayS, descriptorsFree, resolver, shedding, upstreams } = Object(load) as Record<string, unknown>;
  return {
    eventLoopDelayS: numberOf(eventLoopDelayS),
    descriptorsFree: numberOf(descriptorsFree),
    resolver: RESOLVER_STATES.find((state) => state === resolver) ?? 'unknown',
    shedding: Array.isArray(shedding) ? shedding.filter((cause) => typeof cause === 'string') : [],
    upstreams: Object.fromEntries(
      Object.entries(Object(upstreams) as object).filter((entry): entry is [string, number] => numberOf(entry[1]) !== null),
    ),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
