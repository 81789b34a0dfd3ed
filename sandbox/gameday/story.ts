// What happened in a game day, as data: what was done and when, and all that was seen. Verdicts are worked out from this and from nothing else.

import type { Outage } from '../fleet/agents.ts';
import type { Sample } from '../fleet/observer.ts';

/** A moment on both clocks: ours since the world began, and Route 53's. */
export interface Mark {
  readonly atMs: number;
  readonly worldMs: number;
}

export interface RunSaid {
  readonly event: string;
  readonly atMs: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Story {
  readonly slots: readonly string[];
  readonly ttlS: number;
  readonly speed: number;
  /** What was done, by a short name. */
  readonly marks: Readonly<Record<string, Mark>>;
  readonly samples: readonly Sample[];
  readonly outages: readonly Outage[];
  /** Agents that know the list, or the name, over which slot, when something was done: by the mark's name. */
  readonly agentsAt: Readonly<
    Record<string, readonly { readonly agent: string; readonly by: 'list' | 'name'; readonly over: string | null }[]>
  >;
  readonly runLines: readonly RunSaid[];
  /** Agents without a session at the end. */
  readonly away: readonly string[];
  /** What else was measured, by a short name. */
  readonly facts: Readonly<Record<string, string>>;
}

/** One line of the verdict. */
export interface Check {
  readonly objective: string;
  readonly ok: boolean;
  /** With the numbers. */
  readonly seen: string;
}

/** A mark that a day has not come to is a day that went wrong, and no reason to judge by something else. */
export function markOf({ marks }: Story, name: string): Mark | null {
  return marks[name] ?? null;
}

/** From one mark to another, or to the end. */
export function samplesBetween(story: Story, from: string, to?: string): readonly Sample[] {
  const begin = markOf(story, from)?.atMs ?? Number.POSITIVE_INFINITY;
  const end = to === undefined ? Number.POSITIVE_INFINITY : (markOf(story, to)?.atMs ?? Number.NEGATIVE_INFINITY);
  return story.samples.filter(({ atMs }) => atMs >= begin && atMs < end);
}

export function nodeIn({ nodes }: Sample, slot: string) {
  return nodes.find((node) => node.slot === slot);
}
