// What a game day is, and what it plays with.

import { BACKOFF_MAX_MS } from '../../agent/backoff.ts';
import type { FleetWorld, FleetWorldOptions } from '../fleet/world.ts';
import { until } from '../fleet/until.ts';
import type { Check, Mark, Story } from './story.ts';

export interface GameDay {
  readonly name: string;
  /** For `--list`: what is done. */
  readonly does: string;
  readonly world: Partial<Pick<FleetWorldOptions, 'agents' | 'publishEveryMs'>> & {
    /** How much faster than ours Route 53's clock runs, unless the command says otherwise. */
    readonly speed: number;
  };
  /** Its limits are a few seconds of ours, for many agents at once: it is played by itself, before those that go beside each other. */
  readonly isTimed?: true;
  /** What only this day's world has; null and a word where this machine cannot have it. */
  readonly prepare?: (dir: string) => Promise<Partial<FleetWorldOptions> | { readonly cannot: string }>;
  play(stage: Stage): Promise<void>;
  /** Pure. */
  judge(story: Story): Check[];
}

export interface Entry {
  readonly atMs: number;
  readonly kind: 'did' | 'saw' | 'missed';
  readonly words: string;
}

/** An agent that was refused by all that it knows waits by chance, and for the longest after the most failures. */
const ALL_BACK_S = BACKOFF_MAX_MS / 1_000 + 10;

/** Where a day is played: does things, waits for what is to be seen, and keeps both. */
export class Stage {
  readonly world: FleetWorld;
  readonly stop: AbortSignal;
  readonly #tell: (entry: Entry) => void;
  readonly #entries: Entry[] = [];
  readonly #marks: Record<string, Mark> = {};
  readonly #agentsAt: Record<string, Story['agentsAt'][string]> = {};
  readonly #facts: Record<string, string> = {};

  constructor(world: FleetWorld, stop: AbortSignal, tell: (entry: Entry) => void) {
    this.world = world;
    this.stop = stop;
    this.#tell = tell;
  }

  /** `mark` is its name in the story; the moment is the one before it is done. */
  async did(mark: string, words: string, work: () => Promise<unknown> | void): Promise<void> {
    if (this.stop.aborted) return;
    const { world } = this;
    this.#marks[mark] = { atMs: world.nowMs(), worldMs: world.route53.clock.nowMs() };
    this.#agentsAt[mark] = world.agents.views().map(({ agent, by, over }) => ({ agent, by, over }));
    this.#say('did', words);
    await work();
  }

  /** Waits for it. That it did not come is told, and judged by others. */
  async sees(words: string, holds: () => boolean, withinS: number): Promise<boolean> {
    if (this.stop.aborted) return false;
    const ms = await until(holds, withinS * 1_000, this.stop);
    this.#say(ms === null ? 'missed' : 'saw', ms === null ? `not within ${withinS} s: ${words}` : words);
    return ms !== null;
  }

  /** Goes on looking, at what must not happen. */
  async watches(words: string, forS: number): Promise<void> {
    if (this.stop.aborted) return;
    this.#say('saw', `watching for ${forS} s: ${words}`);
    await until(() => false, forS * 1_000, this.stop);
  }

  fact(name: string, value: string): void {
    this.#facts[name] = value;
  }

  inDns(slot: string): boolean {
    return this.world.observer.nodes().some((node) => node.slot === slot && node.inDns);
  }

  state(slot: string): string {
    return this.world.observer.sight(slot)?.state ?? 'unknown';
  }

  hasConcern(slot: string, like: RegExp): boolean {
    const sight = this.world.observer.sight(slot);
    return sight !== null && [...sight.reasons, ...sight.concerns].some((why) => like.test(why));
  }

  isEveryAgentThrough(): boolean {
    return this.world.agents.views().every(({ over }) => over !== null);
  }

  async seesEveryAgentThrough(): Promise<void> {
    await this.sees('every agent has a session', () => this.isEveryAgentThrough(), ALL_BACK_S);
  }

  /** Nobody waits any more on a node that is gone. */
  async seesNobodyOver(slot: string): Promise<void> {
    const isOverOthers = () => this.world.agents.views().every(({ over }) => over !== null && over !== slot);
    await this.sees('all agents have a session over the others', isOverOthers, ALL_BACK_S);
  }

  /** Seconds of ours for so many of Route 53's, and some for a busy machine. */
  within(worldS: number): number {
    return worldS / this.world.speed + 10;
  }

  get slots(): readonly [string, string, string] {
    const [a = '', b = '', c = ''] = this.world.layout.slots.map(({ id }) => id);
    return [a, b, c];
  }

  entries(): readonly Entry[] {
    return this.#entries;
  }

  story(ttlS: number): Story {
    const { layout, speed, observer, agents, runLines } = this.world;
    return {
      ...{ slots: layout.slots.map(({ id }) => id), ttlS, speed, marks: this.#marks, agentsAt: this.#agentsAt, facts: this.#facts },
      samples: [...observer.samples()],
      outages: agents.outages(),
      runLines: [...runLines()],
      away: agents.views().flatMap(({ agent, over }) => (over === null ? [agent] : [])),
    };
  }

  #say(kind: Entry['kind'], words: string): void {
    const entry = { atMs: this.world.nowMs(), kind, words };
    this.#entries.push(entry);
    this.#tell(entry);
  }
}
