// The proxy's name in DNS, held against the addresses of the list.

import type { Plan } from './plan.ts';
import { clean, troubleOf, wordsOf } from './look.ts';
import type { Sight } from './sight.ts';

export interface NameQuestion {
  readonly host: string;
  /** Addresses of the signed list; null where there is no list. */
  readonly listed: readonly string[] | null;
  readonly lookup: (host: string) => Promise<readonly string[]>;
}

export interface NameSeen {
  readonly sight: Sight;
  readonly addresses: readonly string[];
}

export async function lookAtName({ host, listed, lookup }: NameQuestion): Promise<NameSeen> {
  const common = { check: 'name', address: null, door: null } as const;
  try {
    const addresses = await lookup(host);
    const others = listed === null ? addresses.filter(isNobodys) : addresses.filter((address) => !listed.includes(address));
    const seen = clean(`${host} is ${addresses.join(', ')}`);
    if (others.length === 0) return { sight: { ...common, trouble: null, seen }, addresses };
    const detail = clean(`${host} is ${others.join(', ')}${listed === null ? '' : `, the list has ${listed.join(', ')}`}`);
    return { sight: { ...common, trouble: { leg: 'proxy-name', code: 'ELSEWHERE', detail }, seen: detail }, addresses };
  } catch (error) {
    const trouble = troubleOf(error, 'proxy-name');
    return { sight: { ...common, trouble, seen: wordsOf(trouble) }, addresses: [] };
  }
}

/** What DNS filters give in place of an answer. No fleet is reached there over the internet. */
function isNobodys(address: string): boolean {
  return /^(0\.|127\.)/.test(address) || address === '::' || address === '::1';
}

/** The environment that programs go by, without the login that may be in it. */
export function siteProxyIn(env: Readonly<Record<string, string | undefined>>, hosts: readonly string[]): Plan['siteProxy'] {
  const found = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].map((name) => env[name]).find((value) => value);
  if (found === undefined) return null;
  const excepted = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(',').map((item) => item.trim().replace(/^\*?\./, ''));
  const isExcepted = (host: string): boolean =>
    excepted.some((item) => item === '*' || item === host || (item !== '' && host.endsWith(`.${item}`)));
  if (hosts.length > 0 && hosts.every(isExcepted)) return null;
  const text = found.includes('://') ? found : `http://${found}`;
  if (!URL.canParse(text)) return null;
  const { hostname, port, protocol } = new URL(text);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

export function lookAtEnvironment(siteProxy: Plan['siteProxy']): Sight {
  const common = { check: 'environment', address: null, door: null } as const;
  if (siteProxy === null) return { ...common, trouble: null, seen: 'no HTTPS_PROXY' };
  const seen = clean(`HTTPS_PROXY, which leads to ${siteProxy.host}:${siteProxy.port}`);
  return { ...common, trouble: { leg: 'settings', code: 'PROXY_CONFIGURED', detail: seen }, seen };
}
