// Trying every address of the proxy in turn. A name may stand for several addresses, and a signed list may publish them without DNS; each is
// an address of its own here, since a node that accepts and stalls is not helped by its name having another.

import { isIP } from 'node:net';
import type { Published } from './address-list.ts';
import type { Clock } from './clock.ts';
import { AgentFailure, asFailure, codeOf, joinFailures, messageOf, withVia } from './failure.ts';
import type { ProxyUrl } from './proxy-url.ts';

/** One address to dial, with the name it stands for. */
export interface ProxyAddress extends ProxyUrl {
  readonly address: string;
}

export interface AddressDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** All addresses of a name. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** Those that a signed list gives for this name; null where there is none, or it has expired. */
  readonly published?: (host: string) => Published | null;
  /** A number in [0, 1). */
  readonly random: () => number;
}

interface Candidate extends ProxyAddress {
  readonly key: string;
  /** Dialled where the others did not go well. */
  readonly isLast: boolean;
}

export interface SessionEnd {
  /** Between this device and AWS: another address may do better at once. */
  readonly wasLost: boolean;
  /** It lived long enough to be a good one. */
  readonly hasLasted: boolean;
}

/** The proxy asked to be left alone until then. */
interface Postponed {
  readonly untilMs: number;
  readonly failure: AgentFailure;
}

export function renderProxy({ host, address, port }: ProxyAddress): string {
  const literal = address.includes(':') ? `[${address}]` : address;
  return host === address ? `${literal}:${port}` : `${host} (${literal}:${port})`;
}

/**
 * Knows every address, stays with the one that went well, and tries the others in turn. A round is over when every address has failed since
 * it began, whether in an attempt or by losing a session; only then is it time to wait.
 */
export class AddressBook {
  readonly #proxies: readonly ProxyUrl[];
  readonly #deps: AddressDeps;
  #lastGood: string | null = null;
  /** All that were found in the last attempt. */
  #found: readonly string[] = [];
  /** Failed in this round: not tried again before it is over. */
  readonly #round = new Set<string>();
  /** Failed since they last went well: behind the others, since one that is filtered costs seconds. */
  readonly #shunned = new Set<string>();
  readonly #postponed = new Map<string, Postponed>();

  constructor(proxies: readonly ProxyUrl[], deps: AddressDeps) {
    this.#proxies = proxies;
    this.#deps = deps;
  }

  /** Over which address things went well last; null where that is over. */
  get lastGood(): string | null {
    return this.#lastGood;
  }

  /** The first success of `attempt` over the addresses that have not failed in this round, or one failure for all of them. */
  async tryEach<T>(attempt: (proxy: ProxyAddress) => Promise<T>): Promise<T> {
    const failures: AgentFailure[] = [];
    const tried = new Set<string>();
    // A list may outlive the fleet that it is of: where none of its addresses answers, the name has the last word.
    for (const find of [() => this.#published(), () => this.#resolved(failures)]) {
      const candidates = this.#inOrder(await find());
      this.#found = [...new Set([...tried, ...candidates.map(({ key }) => key)])];
      for (const candidate of candidates) {
        if (this.#round.has(candidate.key)) continue;
        tried.add(candidate.key);
        const outcome = await this.#try(candidate, attempt);
        if (!(outcome instanceof AgentFailure)) return outcome.result;
        failures.push(outcome);
      }
    }
    const hasBegunAnew = tried.size === 0 && this.#round.size > 0;
    this.#round.clear();
    // Those that were left of the round are not published any more.
    if (hasBegunAnew) return await this.tryEach(attempt);
    const [first, ...rest] = failures;
    throw joinFailures([first ?? new AgentFailure(unexpected(new Error('no address of the proxy is known'))), ...rest]);
  }

  /** What came of the session over the last address. True where another address can be tried at once, without waiting. */
  sessionOver({ wasLost, hasLasted }: SessionEnd): boolean {
    const address = this.#lastGood;
    // A round begins with a session that lasts, and after every wait.
    if (hasLasted || !wasLost || address === null) this.#round.clear();
    if (wasLost || !hasLasted) this.#lastGood = null;
    if (!wasLost || address === null) return false;
    this.#fail(address);
    const isAnyLeft = this.#found.some((key) => !this.#round.has(key));
    if (!isAnyLeft) this.#round.clear();
    return isAnyLeft;
  }

  async #try<T>(candidate: Candidate, attempt: (proxy: ProxyAddress) => Promise<T>): Promise<{ result: T } | AgentFailure> {
    const { key } = candidate;
    const nowMs = this.#deps.clock.nowMs();
    const postponed = this.#postponed.get(key);
    if (postponed && nowMs < postponed.untilMs) {
      this.#fail(key);
      return new AgentFailure({ ...postponed.failure.facts, retryAfterMs: postponed.untilMs - nowMs }, { cause: postponed.failure });
    }
    this.#postponed.delete(key);
    try {
      const result = await attempt(candidate);
      this.#lastGood = key;
      this.#shunned.delete(key);
      return { result };
    } catch (error) {
      const failure = withVia(asFailure(error, unexpected(error)), key);
      if (!failure.isWorthAnotherAddress) throw failure;
      this.#fail(key);
      const { retryAfterMs = 0 } = failure.facts;
      if (retryAfterMs > 0) this.#postponed.set(key, { untilMs: this.#deps.clock.nowMs() + retryAfterMs, failure });
      return failure;
    }
  }

  #fail(key: string): void {
    this.#round.add(key);
    this.#shunned.add(key);
  }

  /** The one that went well, then in any order: agents that one node has lost are to spread over all the others. */
  #inOrder(candidates: readonly Candidate[]): Candidate[] {
    const rank = ({ key, isLast }: Candidate): number =>
      key === this.#lastGood ? -1 : (this.#shunned.has(key) ? 2 : 0) + (isLast ? 1 : 0);
    return shuffled(candidates, this.#deps.random).sort((a, b) => rank(a) - rank(b));
  }

  #published(): Candidate[] {
    return this.#proxies.flatMap((proxy) => {
      const { first, last } = this.#deps.published?.(proxy.host) ?? { first: [], last: [] };
      return [...first.map((address) => candidateOf(proxy, address)), ...last.map((address) => candidateOf(proxy, address, true))];
    });
  }

  async #resolved(failures: AgentFailure[]): Promise<Candidate[]> {
    const found: Candidate[] = [];
    for (const proxy of this.#proxies) {
      try {
        const addresses = isIP(proxy.host) === 0 ? await this.#deps.lookup(proxy.host) : [proxy.host];
        found.push(...addresses.map((address) => candidateOf(proxy, address)));
      } catch (error) {
        failures.push(nameFailure(proxy.host, error));
      }
    }
    return found;
  }
}

function candidateOf(proxy: ProxyUrl, address: string, isLast = false): Candidate {
  return { ...proxy, address, isLast, key: renderProxy({ ...proxy, address }) };
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}

function nameFailure(host: string, error: unknown): AgentFailure {
  return new AgentFailure(
    {
      leg: 'proxy-name',
      code: codeOf(error),
      fixer: 'site',
      detail: `${host} does not resolve: ${messageOf(error)}`,
      hint: "the site's DNS must know this name, or give the published addresses to --proxy",
      via: host,
    },
    { cause: error },
  );
}

function unexpected(error: unknown): ConstructorParameters<typeof AgentFailure>[0] {
  return { leg: 'settings', code: codeOf(error), fixer: 'device', detail: messageOf(error) };
}
