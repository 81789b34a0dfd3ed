// Keeps looking: each node by itself, since one that hangs must not hold up what is seen of the others, and the name servers ten times a second.

import type { WorldClock } from '../route53/clock.ts';
import type { Route53 } from '../route53/start.ts';
import type { AgentView } from './agents.ts';
import { COMPANION_NAME, FLEET_NAME, type Layout, OWNER } from './layout.ts';
import type { NameCache } from './name-cache.ts';
import type { NodeSight, NodeState, NodeView } from './snapshot.ts';
import { lookAt } from './watch.ts';

const NODE_EVERY_MS = 500;
const DNS_EVERY_MS = 100;
/** A weighted answer holds one address: so many are asked for, besides the companion name, which gives all. */
const WEIGHTED_QUESTIONS = 2;

export interface Answers {
  readonly [name: string]: readonly string[];
}

/** The world at one moment. */
export interface Sample {
  /** Since the world's start; and of the stand-in's clock. */
  readonly atMs: number;
  readonly worldMs: number;
  readonly nodes: readonly NodeView[];
  /** Agents that have a session, by the slot it goes over. */
  readonly connected: Readonly<Record<string, number>>;
}

export interface ObserverDeps {
  readonly layout: Layout;
  readonly token: string;
  readonly route53: Pick<Route53, 'zones' | 'checks' | 'checkers'>;
  readonly clock: WorldClock;
  readonly names: NameCache;
  readonly pidOf: (slot: string) => number | null;
  readonly agents: () => readonly AgentView[];
  readonly nowMs: () => number;
  readonly onState: (slot: string, before: NodeState, now: NodeState, why: string) => void;
}

export class Observer {
  readonly #deps: ObserverDeps;
  readonly #sights = new Map<string, NodeSight>();
  readonly #samples: Sample[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  #answers: Answers = {};
  /** Of a sample: the game days keep all of them, the view none. */
  readonly #keeps: boolean;

  constructor(deps: ObserverDeps, keeps: boolean) {
    this.#deps = deps;
    this.#keeps = keeps;
    const nodes = deps.layout.slots.map((slot) =>
      this.#forever(NODE_EVERY_MS, async () => this.#see(await lookAt(slot, deps.pidOf(slot.id), deps.token))),
    );
    this.#running = [...nodes, this.#forever(DNS_EVERY_MS, () => this.#askNames())];
  }

  /** Resolves when every node, and the name servers, have been asked once. */
  async hasSeenAll(): Promise<void> {
    while (this.#sights.size < this.#deps.layout.slots.length || Object.keys(this.#answers).length === 0)
      await pause(DNS_EVERY_MS, this.#stop.signal);
  }

  samples(): readonly Sample[] {
    return this.#samples;
  }

  sight(slot: string): NodeSight | null {
    return this.#sights.get(slot) ?? null;
  }

  answers(): Answers {
    return this.#answers;
  }

  nodes(): NodeView[] {
    const { layout, route53 } = this.#deps;
    const given = new Set(Object.values(this.#answers).flat());
    const records = route53.zones.all().flatMap(({ published }) => published);
    return layout.slots.flatMap(({ id, address }) => {
      const sight = this.#sights.get(id);
      const record = records.find(({ name, setIdentifier }) => name === `${FLEET_NAME}.` && setIdentifier === `${OWNER}/${id}`);
      const check = record?.healthCheckId;
      const hasAsked = check !== undefined && route53.checkers.observations(check).length > 0;
      return sight === undefined
        ? []
        : [
            {
              ...{ ...sight, address, inDns: given.has(address), weight: record?.weight ?? null },
              healthy: hasAsked ? route53.checkers.isHealthy(check) : null,
            },
          ];
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #forever(everyMs: number, look: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await look();
      await pause(everyMs, signal);
    }
  }

  #see(sight: NodeSight): void {
    const before = this.#sights.get(sight.slot);
    this.#sights.set(sight.slot, sight);
    if (before === undefined || before.state === sight.state) return;
    const why = [...sight.reasons, ...sight.concerns].join('; ');
    this.#deps.onState(sight.slot, before.state, sight.state, why);
  }

  async #askNames(): Promise<void> {
    const { names, nowMs, clock } = this.#deps;
    const weighted = Array.from({ length: WEIGHTED_QUESTIONS }, () => names.ask(FLEET_NAME));
    const [all, ...ones] = await Promise.all([names.ask(COMPANION_NAME), ...weighted]);
    this.#answers = { [FLEET_NAME]: [...new Set(ones.flat())].toSorted(), [COMPANION_NAME]: [...(all ?? [])].toSorted() };
    if (this.#keeps) this.#samples.push({ atMs: nowMs(), worldMs: clock.nowMs(), nodes: this.nodes(), connected: this.#connected() });
  }

  #connected(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { over } of this.#deps.agents()) if (over !== null) counts[over] = (counts[over] ?? 0) + 1;
    return counts;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
