// What DNS says of a target's names.

import { lookup, resolveCname } from 'node:dns/promises';

/** A chain that is longer leads nowhere. */
const ALIASES_MAX = 8;

/** Names that the host of a URL leads to. A name without aliases, or without an answer, has none. */
export async function aliasesOf(url: string): Promise<string[]> {
  const names: string[] = [];
  for (let name = URL.parse(url)?.hostname ?? ''; names.length < ALIASES_MAX; name = names.at(-1) ?? '') {
    const [next] = await resolveCname(name).catch(() => []);
    if (next === undefined) break;
    names.push(next);
  }
  return names;
}

type LookupAll = (host: string) => Promise<readonly { readonly family: number }[]>;

/**
 * Addresses that k6 dials for a proxy's URL, and so how often this machine's ports can be used: those of IPv4, and of IPv6 where there are no
 * others (k6's `dns.policy`: preferIPv4). At least one.
 */
export async function doorsOf(proxy: string, lookupAll: LookupAll = (host) => lookup(host, { all: true })): Promise<number> {
  const found = await lookupAll(URL.parse(proxy)?.hostname ?? '').catch(() => []);
  const [v4, v6] = [4, 6].map((family) => found.filter((address) => address.family === family).length);
  return v4 || v6 || 1;
}
