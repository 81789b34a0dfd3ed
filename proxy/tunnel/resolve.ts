// Names to addresses, once per dial: a cache of its own per carrier, one flight per name, stale answers over a dead resolver.
// Queries go straight to the servers (c-ares `query`): no hosts file, no search list. Only listed names ever get here.

import { ProxyError } from '../core/fault.ts';
import type { Clock } from '../core/clock.ts';
import type { ResolverState } from '../core/ports.ts';
import type { AddressFamily } from '../core/settings.ts';
import {
  RESOLVE_ADDRESSES_MAX,
  RESOLVE_NAMES_MAX,
  RESOLVE_NEGATIVE_MS,
  RESOLVE_STALE_MS,
  RESOLVE_TIMEOUT_MS,
  RESOLVE_TTL_MAX_MS,
  RESOLVE_TTL_MIN_MS,
} from '../core/limits.ts';

/** One address record as Node's resolver gives it with `{ ttl: true }`; `ttl` is in seconds. */
export interface AddressRecord {
  readonly address: string;
  readonly ttl: number;
}

/** The part of `dns.promises.Resolver` that is used. Errors carry a c-ares code such as ENOTFOUND or ETIMEOUT. */
export interface DnsQueries {
  resolve4(host: string, options: { ttl: true }): Promise<AddressRecord[]>;
  resolve6(host: string, options: { ttl: true }): Promise<AddressRecord[]>;
}

interface Entry {
  addresses: readonly string[];
  freshUntilMs: number;
  staleUntilMs: number;
  turn: number;
}

/** Answers that say "there is no such address", as opposed to "nobody could tell". */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EFORMERR']);
const TIMED_OUT = new Set(['ETIMEOUT', 'ECANCELLED']);

/** Names that nobody could tell are asked for again in turn; this many may be on their way at once. */
const RETRIES_MAX = 4;

export class NameResolver {
  readonly #cache = new Map<string, Entry>();
  readonly #failed = new Map<string, { untilMs: number; error: ProxyError }>();
  readonly #flights = new Map<string, Promise<Entry>>();
  readonly #deps: { dns: DnsQueries; clock: Clock; family: AddressFamily };
  /** What the last query brought: an answer, also that there is no such name; or nothing. */
  #isAnswered: boolean | null = null;
  #retries = 0;

  constructor(deps: { dns: DnsQueries; clock: Clock; family: AddressFamily }) {
    this.#deps = deps;
  }

  /**
   * Every address of the name, rotated by one at each use. Throws RESOLVE_FAILED or RESOLVE_TIMEOUT.
   * Names are listed ones; where `anyAccount` opens a form of name to the wire, the maps are bounded.
   */
  async resolve(host: string): Promise<readonly string[]> {
    const now = this.#deps.clock.nowMs();
    const cached = this.#cache.get(host);
    if (cached && now < cached.freshUntilMs) return rotated(cached);

    const failed = this.#failed.get(host);
    if (failed && now < failed.untilMs) {
      if (cached && now < cached.staleUntilMs && isNobodyCouldTell(failed.error)) return rotated(cached);
      throw failed.error;
    }
    try {
      return rotated(await this.#fly(host));
    } catch (error) {
      if (cached && now < cached.staleUntilMs && error instanceof ProxyError && isNobodyCouldTell(error)) return rotated(cached);
      throw error;
    }
  }

  /** How the servers are doing, by what agents asked for. `failing`: some name has no answer, and no old one that would do. */
  get state(): ResolverState {
    if (this.#isAnswered === null) return 'unknown';
    if (this.#isAnswered) return 'answering';
    const now = this.#deps.clock.nowMs();
    for (const [host, { error }] of this.#failed) {
      if (isNobodyCouldTell(error) && now >= (this.#cache.get(host)?.staleUntilMs ?? 0)) return 'failing';
    }
    return 'stale';
  }

  /** Called once a second, and seldom while a server answers: while no server answers, known names are asked for in turn, so that its recovery is seen without an agent. */
  look(): void {
    if (this.#isAnswered !== false || this.#flights.size >= RETRIES_MAX) return;
    const names = [...new Set([...this.#failed.keys(), ...this.#cache.keys()])];
    const host = names[this.#retries++ % names.length];
    if (host !== undefined) this.#fly(host).catch(() => {});
  }

  #fly(host: string): Promise<Entry> {
    const running = this.#flights.get(host);
    if (running) return running;
    const flight = this.#query(host)
      .then((entry) => {
        setBounded(this.#cache, host, entry);
        this.#failed.delete(host);
        this.#isAnswered = true;
        return entry;
      })
      .catch((error: unknown) => {
        const known = asResolveError(host, error);
        this.#isAnswered = !isNobodyCouldTell(known);
        setBounded(this.#failed, host, { untilMs: this.#deps.clock.nowMs() + RESOLVE_NEGATIVE_MS, error: known });
        // "There is no such name" is an answer: what was known before must not live on as stale.
        if (!isNobodyCouldTell(known)) this.#cache.delete(host);
        throw known;
      })
      .finally(() => this.#flights.delete(host));
    this.#flights.set(host, flight);
    return flight;
  }

  async #query(host: string): Promise<Entry> {
    const { dns, clock, family } = this.#deps;
    const asked: Promise<AddressRecord[]>[] = [];
    if (family !== 'ipv6') asked.push(dns.resolve4(host, { ttl: true }));
    if (family !== 'ipv4') asked.push(dns.resolve6(host, { ttl: true }));

    const answers = await withDeadline(clock, Promise.allSettled(asked), host);
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (records.length === 0) {
      const rejected = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason as unknown);
      // One family that could not be asked outweighs one that has no such record.
      throw rejected.find((error) => !NO_ADDRESS.has(codeOf(error))) ?? rejected[0] ?? new Error('empty answer');
    }
    const now = clock.nowMs();
    const ttlMs = Math.min(...records.map((record) => record.ttl)) * 1_000;
    return {
      addresses: records.slice(0, RESOLVE_ADDRESSES_MAX).map((record) => record.address),
      freshUntilMs: now + Math.min(RESOLVE_TTL_MAX_MS, Math.max(RESOLVE_TTL_MIN_MS, ttlMs)),
      staleUntilMs: now + RESOLVE_STALE_MS,
      turn: 0,
    };
  }
}

/** The oldest name makes room: a configuration lists a few, so only an open form of name ever gets here. */
function setBounded<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size >= RESOLVE_NAMES_MAX && !map.has(name)) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(name, value);
}

function rotated(entry: Entry): readonly string[] {
  const { addresses } = entry;
  const first = entry.turn++ % addresses.length;
  return first === 0 ? addresses : [...addresses.slice(first), ...addresses.slice(0, first)];
}

function withDeadline<T>(clock: Clock, work: Promise<T>, host: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(RESOLVE_TIMEOUT_MS, () =>
      reject(new ProxyError('RESOLVE_TIMEOUT', `no answer for ${host} within ${RESOLVE_TIMEOUT_MS} ms`)),
    );
    work.then(resolve, reject).finally(cancel);
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function asResolveError(host: string, error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const code = codeOf(error);
  if (TIMED_OUT.has(code)) return new ProxyError('RESOLVE_TIMEOUT', `no answer for ${host} (${code})`, { cause: error });
  const absent = NO_ADDRESS.has(code);
  return new ProxyError('RESOLVE_FAILED', absent ? `${host} has no address` : `the resolver failed for ${host} (${code})`, {
    cause: absent ? 'absent' : error,
  });
}

/** True for a resolver that timed out or failed; false where it said that there is no such address. */
function isNobodyCouldTell(error: ProxyError): boolean {
  return error.code === 'RESOLVE_TIMEOUT' || error.cause !== 'absent';
}
