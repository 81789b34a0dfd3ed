// What DNS says of a target's names.

import { lookup, resolveCname } from 'node:dns/promises';
import { isIP } from 'node:net';

/** A chain that is longer leads nowhere. */
const ALIASES_MAX = 8;

/** DNS knows the name, and no alias of it. An alias that nobody knows leads nowhere. Everything else is no answer. */
const NO_ALIAS = new Set(['ENODATA']);
const NO_NAME = new Set(['ENOTFOUND', 'EBADNAME']);

type ResolveCname = (name: string) => Promise<readonly string[]>;

/**
 * Names that the host of a URL leads to: none where it has no alias, or is an address. In words where DNS did not answer, or does not know the name
 * here: the proxy resolves it, and may know it as an alias of anything.
 */
export async function aliasesOf(url: string, resolve: ResolveCname = resolveCname): Promise<readonly string[] | string> {
  const names: string[] = [];
  if (isIP(hostOf(url)) !== 0) return names;
  for (let name = hostOf(url); names.length < ALIASES_MAX; name = names.at(-1) ?? '') {
    try {
      const [next] = await resolve(name);
      if (next === undefined) return names;
      names.push(next);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return NO_ALIAS.has(code) || (NO_NAME.has(code) && names.length > 0) ? names : `DNS did not say where ${name} leads (${code})`;
    }
  }
  return names;
}

function hostOf(url: string): string {
  return (URL.parse(url)?.hostname ?? '').replace(/^\[|\]$/g, '');
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
