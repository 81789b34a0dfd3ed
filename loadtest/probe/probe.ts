// The probe at work. Sessions stay in pairs, one through a node and one past it, and both of a pair ping in one moment, so that what the
// machine does to one it does to the other. Beside them it opens a tunnel now and then, to time the stages and to be refused.

import { setTimeout as delay } from 'node:timers/promises';
import { AgentFailure } from '../../agent/failure.ts';
import type { ProbeSeen } from '../run-record.ts';
import type { ProbeSettings } from './messages.ts';
import { open } from './open.ts';
import { Seen } from './seen.ts';
import type { Session } from './session.ts';
import { directWays, proxyWays, type Way } from './way.ts';

/** Of each pair. */
const PING_EVERY_MS = 1_000;
/** All ways in turn: enough to meet a node that sheds, and little beside the agents' own opens. */
const OPEN_EVERY_MS = 250;
const COME_BACK_MS = { least: 500, most: 3_000 };

export class Probe {
  readonly #settings: ProbeSettings;
  readonly #ca: string | undefined;
  readonly #seen = new Seen();
  readonly #stop = new AbortController();
  #opens = 0;

  /** `ca`: roots of the proxies' TLS, in PEM. */
  constructor(settings: ProbeSettings, ca: string | undefined) {
    this.#settings = settings;
    this.#ca = ca;
  }

  seen(): ProbeSeen {
    return this.#seen.all();
  }

  begin(): void {
    const direct = directWays(this.#settings);
    const through = proxyWays(this.#settings);
    const pairs = Math.floor(this.#settings.sessions / 2);
    for (let pair = 0; pair < pairs; pair++) {
      const ways = [direct[pair % direct.length], through[pair % through.length]].filter((way) => way !== undefined);
      void this.#keepPair(ways, (pair * PING_EVERY_MS) / pairs);
    }
    void this.#openInTurn([...direct, ...through]);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Who of a pair speaks first changes each time: the second waits for the first one's system call. */
  async #keepPair(ways: readonly Way[], afterMs: number): Promise<void> {
    const kept = ways.map((way) => ({ way, session: this.#keep(way) }));
    await this.#wait(afterMs);
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      const order = turn % 2 === 0 ? kept : kept.toReversed();
      const up = order.flatMap(({ way, session }) => (session.current === null ? [] : [{ way, session: session.current }]));
      // One alone would be measured in another moment than its other half.
      if (up.length === ways.length) for (const { way, session } of up) session.ping((ms) => this.#seen.roundTrip(way, ms));
      await this.#wait(PING_EVERY_MS);
    }
    for (const { session } of kept) session.current?.close();
  }

  /** Opens again what was lost, for as long as the probe runs. */
  #keep(way: Way): { current: Session | null } {
    const kept: { current: Session | null } = { current: null };
    const go = async (): Promise<void> => {
      while (!this.#stop.signal.aborted) {
        kept.current = await this.#open(way);
        await kept.current?.ended;
        kept.current = null;
        await this.#wait(COME_BACK_MS.least + Math.random() * (COME_BACK_MS.most - COME_BACK_MS.least));
      }
    };
    void go();
    return kept;
  }

  async #openInTurn(ways: readonly Way[]): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      const way = ways[turn % ways.length];
      // Not awaited: a way that is slow must not keep the others waiting.
      if (way !== undefined) void this.#open(way).then((session) => session?.close());
      await this.#wait(OPEN_EVERY_MS);
    }
  }

  async #open(way: Way): Promise<Session | null> {
    this.#opens += 1;
    const clientId = `probe-${this.#opens}`;
    const { target } = this.#settings;
    try {
      return await open(way, { target, clientId, ca: this.#ca, took: (stage, ms) => this.#seen.stage(way, stage, ms) });
    } catch (error) {
      if (error instanceof AgentFailure) this.#seen.failure(error);
      return null;
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
