// Stories by hand, for tests of verdicts.

import type { Outage } from '../../fleet/agents.ts';
import type { Sample } from '../../fleet/observer.ts';
import type { NodeView } from '../../fleet/snapshot.ts';
import { aNode } from '../../fleet/testing/snapshots.ts';
import type { Story } from '../story.ts';

export const SLOTS = ['eu-1a', 'eu-1b', 'eu-1c'] as const;
const SPEED = 10;

/** All nodes well and in DNS, but for what is said of some. */
export function sampleAt(atMs: number, of: Readonly<Record<string, Partial<NodeView>>> = {}): Sample {
  return { atMs, worldMs: atMs * SPEED, nodes: SLOTS.map((slot) => aNode(slot, of[slot])), connected: {} };
}

export function outage(agent: string, lost: string, fromMs: number, toMs: number | null): Outage {
  return { agent, by: 'list', lost, why: 'CLOSED', fromMs, toMs, over: toMs === null ? null : 'eu-1a' };
}

/** Two agents over eu-1b when it was hit, a second after the beginning. */
export function aStory(of: Partial<Story> = {}): Story {
  return {
    ...{ slots: SLOTS, ttlS: 60, speed: SPEED, marks: {}, samples: [], outages: [], runLines: [], away: [], facts: {} },
    agentsAt: { hit: ['agent-1', 'agent-2'].map((agent) => ({ agent, by: 'list', over: 'eu-1b' })) },
    ...of,
  };
}
