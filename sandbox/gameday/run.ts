// One game day from its world to its verdict.

import { TTL_S } from '../fleet/layout.ts';
import { startFleetWorld } from '../fleet/world.ts';
import { type Entry, type GameDay, Stage } from './day.ts';
import type { Check, Story } from './story.ts';

export interface DayResult {
  readonly day: string;
  /** `cannot`: this machine lacks something, and nothing was judged. */
  readonly verdict: 'held' | 'missed' | 'cannot';
  readonly why: string | null;
  readonly seconds: number;
  readonly speed: number;
  readonly checks: readonly Check[];
  /** The longest time between two looks that should be a tenth of a second apart. */
  readonly longestPauseMs: number;
  /** How this machine was too busy for the times that a day is judged by; null where it was not. */
  readonly busy: string | null;
  /** Seconds since the first thing that was done. */
  readonly timeline: readonly { readonly t: number; readonly kind: Entry['kind']; readonly words: string }[];
}

/** Times that were missed while nobody could look for so long may be the machine's matter. */
const BUSY_MS = 500;
/** So may what a node refuses since its event loop, or the answer at its own port, is late (docs/health.md, Overload). */
const LATE = /want of room: .*\b(event-loop|queue)\b/;

export interface RunOptions {
  readonly dir: string;
  readonly speed: number | null;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
  readonly tell: (line: { t: number; kind: Entry['kind']; words: string }) => void;
}

const NODES = 3;
const AGENTS = 24;
const ALL_THROUGH_S = 30;

export async function runDay(day: GameDay, { dir, speed: wanted, env, stop, tell }: RunOptions): Promise<DayResult> {
  const startedMs = performance.now();
  const speed = wanted ?? day.world.speed;
  const result = (rest: Pick<DayResult, 'verdict'> & Partial<DayResult>): DayResult => ({
    ...{
      day: day.name,
      seconds: Math.round(performance.now() - startedMs) / 1_000,
      speed,
      why: null,
      checks: [],
      timeline: [],
      longestPauseMs: 0,
      busy: null,
    },
    ...rest,
  });
  const prepared = (await day.prepare?.(dir)) ?? {};
  if ('cannot' in prepared) return result({ verdict: 'cannot', why: prepared.cannot });
  const { agents = AGENTS, publishEveryMs = 1_000 } = day.world;
  const world = await startFleetWorld({
    ...{ dir, nodes: NODES, agents, publishEveryMs, speed, env, usualPorts: false, restart: false, keepSamples: true, tell: () => {} },
    ...prepared,
  });
  try {
    let firstMs: number | null = null;
    const since = ({ atMs, kind, words }: Entry) => {
      firstMs ??= atMs;
      return { t: Math.round(atMs - firstMs) / 1_000, kind, words };
    };
    const stage = new Stage(world, stop, (entry) => tell(since(entry)));
    await stage.sees(`${NODES} nodes are ready and in DNS, and ${agents} agents have a session`, isUp(stage), ALL_THROUGH_S);
    await day.play(stage);
    await stage.seesEveryAgentThrough();
    const timeline = stage.entries().map(since);
    if (stop.aborted) return result({ verdict: 'missed', why: 'it was ended before its time', timeline });
    const story = stage.story(TTL_S);
    const checks = day.judge(story);
    return result({ verdict: verdictOf(checks), checks, timeline, longestPauseMs: longestPause(story), busy: busyWords(story) });
  } finally {
    await world.stop();
  }
}

/** A day that checks nothing has shown nothing. */
export function verdictOf(checks: readonly Check[]): 'held' | 'missed' {
  return checks.length > 0 && checks.every(({ ok }) => ok) ? 'held' : 'missed';
}

function longestPause({ samples }: Pick<Story, 'samples'>): number {
  return Math.round(samples.reduce((most, { atMs }, index) => Math.max(most, atMs - (samples[index - 1]?.atMs ?? atMs)), 0));
}

/** Pure. */
export function busyWords(story: Pick<Story, 'samples'>): string | null {
  const pauseMs = longestPause(story);
  if (pauseMs > BUSY_MS) return `nothing could be looked at for ${(pauseMs / 1_000).toFixed(1)} s at a time`;
  const isLate = story.samples.some(({ nodes }) => nodes.some(({ concerns }) => concerns.some((concern) => LATE.test(concern))));
  return isLate ? 'a node refused tunnels, since it was late' : null;
}

function isUp(stage: Stage): () => boolean {
  return () => stage.isEveryAgentThrough() && stage.slots.every((slot) => stage.inDns(slot) && stage.state(slot) === 'ready');
}
