// DNS as a site has it: a resolver that keeps an answer for as long as its TTL says, on the clock of the stand-in. Agents that know the fleet by
// its name alone ask here.

import { promises as dns } from 'node:dns';
import type { WorldClock } from '../route53/clock.ts';

interface Kept {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

export interface NameCacheDeps {
  readonly server: { readonly host: string; readonly port: number };
  readonly clock: WorldClock;
}

const TRIES = 2;
const TIMEOUT_MS = 1_000;

export class NameCache {
  readonly #deps: NameCacheDeps;
  readonly #resolver = new dns.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  readonly #kept = new Map<string, Kept>();

  constructor(deps: NameCacheDeps) {
    this.#deps = deps;
    this.#resolver.setServers([`${deps.server.host}:${deps.server.port}`]);
  }

  async lookup(name: string): Promise<readonly string[]> {
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#deps.clock.nowMs() < kept.untilMs) return kept.addresses;
    const answers = await this.#resolver.resolve4(name, { ttl: true });
    const ttlMs = Math.min(...answers.map(({ ttl }) => ttl * 1_000));
    const addresses = answers.map(({ address }) => address);
    this.#kept.set(name, { addresses, untilMs: this.#deps.clock.nowMs() + ttlMs });
    return addresses;
  }

  /** What the name servers themselves say now. */
  async ask(name: string): Promise<readonly string[]> {
    return this.#resolver.resolve4(name).catch(() => []);
  }
}
