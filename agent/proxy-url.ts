// The addresses of the proxy as the command line states them.

export interface ProxyUrl {
  readonly isTls: boolean;
  /** As written: the name that a TLS certificate of the proxy must carry. */
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization, or null. */
  readonly authorization: string | null;
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
  const url = parseUrl(text);
  if (!url || !/^https?:\/\//i.test(text)) return '--proxy: expected http://HOST:PORT or https://HOST:PORT';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return `--proxy ${url.host}: nothing may follow the port`;
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  if (host === '' || port === 0) return '--proxy: the host or the port is missing';
  if ((url.username === '') !== (url.password === '')) return `--proxy ${url.host}: give USER:TOKEN@, both of them`;
  const authorization = renderBasic(url);
  if (authorization === undefined) return `--proxy ${url.host}: a % in USER:TOKEN@ is written %25`;
  return { isTls, host, port, authorization };
}

/** `URL.parse` for the doctor's sake, which runs on the Node 20 of a customer too. */
export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Undefined where what stands behind a `%` is no byte. */
function renderBasic(url: URL): string | null | undefined {
  if (url.username === '') return null;
  try {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(login, 'utf8').toString('base64')}`;
  } catch {
    return undefined;
  }
}
