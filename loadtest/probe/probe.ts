// The probe at work. Sessions stay in pairs, one through a node and one past it, and both of a pair ping in one moment, so that what the
// machine does to one it does to the other; a session that is not there when its turn comes has missed it. Beside them it opens a tunnel now
// and then, to time the stages and to be refused.

import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../agent/clock.ts';
import { AgentFailure } from '../../agent/failure.ts';
import type { ProbeSeen } from '../run-record.ts';
import type { ProbeSettings } from './messages.ts';
import { open } from './open.ts';
import { Seen } from './seen.ts';
import type { Session } from './session.ts';
import { takeTurns } from './turns.ts';
import { directWays, proxyWays, type Way } from './way.ts';

/** Of each pair. */
const PING_EVERY_MS = 1_000;
/** All ways in turn: enough to meet a node that sheds, and little beside the agents' own opens. */
const OPEN_EVERY_MS = 250;
const COME_BACK_MS = { least: 500, most: 3_000 };

/** Fractions of a millisecond, and no jump when somebody sets the machine's clock. */
const FINE_CLOCK: Clock = { ...systemClock, nowMs: () => performance.now() };

interface Kept {
  current: Session | null;
  /** Never where it could not be opened once. */
  readonly stood: Promise<void>;
}

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

  /** Turns count from when both have stood once: before it nothing could be missed. */
  async #keepPair(ways: readonly Way[], afterMs: number): Promise<void> {
    const { signal: stop } = this.#stop;
    const kept = ways.map((way) => ({ way, session: this.#keep(way) }));
    await Promise.all(kept.map(({ session }) => session.stood));
    await this.#wait(afterMs);
    const speakers = kept.map(({ way, session }) => (intendedMs: number) => {
      const took = (ms: number | null): void => {
        // What is on its way when the probe ends was not missed.
        if (!stop.aborted) this.#seen.turn(way, ms);
      };
      if (session.current === null) took(null);
      else session.current.ping(intendedMs, took);
    });
    await takeTurns(speakers, { clock: FINE_CLOCK, everyMs: PING_EVERY_MS, stop });
    for (const { session } of kept) session.current?.close();
  }

  /** Opens again what was lost, for as long as the probe runs. */
  #keep(way: Way): Kept {
    const { promise: stood, resolve } = Promise.withResolvers<void>();
    const kept: Kept = { current: null, stood };
    const go = async (): Promise<void> => {
      while (!this.#stop.signal.aborted) {
        kept.current = await this.#open(way);
        if (kept.current !== null) resolve();
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
