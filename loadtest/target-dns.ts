// What DNS says of a target's names.

import { lookup, resolveCname } from 'node:dns/promises';

/** A chain that is longer leads nowhere. */
const ALIASES_MAX = 8;

/** Answers of a DNS that has nothing to say of a name; everything else is no answer. */
const NONE = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

type ResolveCname = (name: string) => Promise<readonly string[]>;

/** Names that the host of a URL leads to: none where it has no alias, or no name. In words where DNS did not answer, and nobody knows. */
export async function aliasesOf(url: string, resolve: ResolveCname = resolveCname): Promise<readonly string[] | string> {
  const names: string[] = [];
  for (let name = URL.parse(url)?.hostname ?? ''; names.length < ALIASES_MAX; name = names.at(-1) ?? '') {
    try {
      const [next] = await resolve(name);
      if (next === undefined) return names;
      names.push(next);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return NONE.has(code) ? names : `DNS did not say where ${name} leads (${code})`;
    }
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
