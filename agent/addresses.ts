// The published addresses of the proxy: reading them from the command line, and trying every one in turn. A name may stand for several
// addresses; each is an address of its own here, since a node that accepts and stalls is not helped by its name having another.

import { isIP } from 'node:net';
import { AgentFailure, asFailure, codeOf, joinFailures, messageOf, withVia } from './failure.ts';

export interface ProxyUrl {
  readonly isTls: boolean;
  /** As written: the name that a TLS certificate of the proxy must carry. */
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization, or null. */
  readonly authorization: string | null;
}

/** One address to dial, with the name it stands for. */
export interface ProxyAddress extends ProxyUrl {
  readonly address: string;
}

export type ParsedProxies =
  | { readonly ok: true; readonly proxies: readonly ProxyUrl[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `http://HOST[:80]`, `https://[USER:TOKEN@]HOST[:443]`, commas between several. */
export function parseProxies(texts: readonly string[]): ParsedProxies {
  const items = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  const parsed = items.filter((item) => item !== '').map(parseProxy);
  const problems = parsed.filter((item) => typeof item === 'string');
  const proxies = parsed.filter((item) => typeof item !== 'string');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, proxies };
}

function parseProxy(text: string): ProxyUrl | string {
  // The URL's own text is not repeated in a message: it may hold a token.
  const url = URL.parse(text);
  if (!url || !/^https?:\/\//i.test(text)) return '--proxy: expected http://HOST:PORT or https://HOST:PORT';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return `--proxy ${url.host}: nothing may follow the port`;
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  if (host === '' || port === 0) return '--proxy: the host or the port is missing';
  if ((url.username === '') !== (url.password === '')) return `--proxy ${url.host}: give USER:TOKEN@, both of them`;
  return { isTls, host, port, authorization: renderBasic(url) };
}

function renderBasic(url: URL): string | null {
  if (url.username === '') return null;
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(login, 'utf8').toString('base64')}`;
}

export interface AddressDeps {
  /** All addresses of a name. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export function renderProxy({ host, address, port }: ProxyAddress): string {
  const literal = address.includes(':') ? `[${address}]` : address;
  return host === address ? `${literal}:${port}` : `${host} (${literal}:${port})`;
}

/** Knows every address, starts where it went well the last time, and tries the others in turn. */
export class AddressBook {
  readonly #proxies: readonly ProxyUrl[];
  readonly #deps: AddressDeps;
  #lastGood: string | null = null;

  constructor(proxies: readonly ProxyUrl[], deps: AddressDeps) {
    this.#proxies = proxies;
    this.#deps = deps;
  }

  /** The first success of `attempt` over the addresses, or one failure for all of them. */
  async tryEach<T>(attempt: (proxy: ProxyAddress) => Promise<T>): Promise<T> {
    const failures: AgentFailure[] = [];
    for (const candidate of await this.#candidates(failures)) {
      try {
        const result = await attempt(candidate);
        this.#lastGood = renderProxy(candidate);
        return result;
      } catch (error) {
        const failure = withVia(asFailure(error, unexpected(error)), renderProxy(candidate));
        if (!failure.isWorthAnotherAddress) throw failure;
        failures.push(failure);
      }
    }
    const [first, ...rest] = failures;
    throw joinFailures([first ?? new AgentFailure(unexpected(new Error('no address of the proxy is known'))), ...rest]);
  }

  /** The session over the last address ended early: begin elsewhere the next time. */
  forget(): void {
    this.#lastGood = null;
  }

  /** A list has no order of merit, and a fleet of agents that all began with the first would fill one node: begin anywhere. */
  async #candidates(failures: AgentFailure[]): Promise<ProxyAddress[]> {
    const found: ProxyAddress[] = [];
    for (const proxy of this.#proxies) {
      try {
        const addresses = isIP(proxy.host) === 0 ? await this.#deps.lookup(proxy.host) : [proxy.host];
        found.push(...addresses.map((address) => ({ ...proxy, address })));
      } catch (error) {
        failures.push(nameFailure(proxy.host, error));
      }
    }
    const remembered = found.findIndex((candidate) => renderProxy(candidate) === this.#lastGood);
    const start = remembered === -1 ? Math.floor(this.#deps.random() * found.length) : remembered;
    return [...found.slice(start), ...found.slice(0, start)];
  }
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
