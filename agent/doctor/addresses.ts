// Which addresses are looked at: those of the signed list, or those that DNS gives for the name.

import { isIP } from 'node:net';
import type { KeyObject } from 'node:crypto';
import { type AddressList, instant, judgeList, published } from '../address-list.ts';
import type { ProxyAddress } from '../addresses.ts';
import type { Clock } from '../clock.ts';
import type { ListSource } from '../list-keeper.ts';
import type { ProxyUrl } from '../proxy-url.ts';
import { lookAtName } from './look-at-name.ts';
import { clean, troubleOf, wordsOf } from './look.ts';
import type { Sight } from './sight.ts';

export interface AddressQuestion {
  readonly source: ListSource | null;
  readonly keys: ReadonlyMap<string, KeyObject> | null;
  readonly proxies: readonly ProxyUrl[];
  readonly proxyName: string | null;
  /** The value of Proxy-Authorization where --login says it. */
  readonly authorization: string | null;
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

export interface Found {
  readonly sights: readonly Sight[];
  readonly addresses: readonly ProxyAddress[];
  readonly proxyHost: string;
}

export async function findAddresses(question: AddressQuestion): Promise<Found> {
  const { source, proxies, clock } = question;
  const listed = source === null ? null : await lookAtList(source, question);
  const list = listed?.list ?? null;
  const own = list === null ? proxies : [urlOf(list, proxies)];
  const inList = list === null ? null : Object.values(published(list, clock.nowMs())).flat();
  const sights: Sight[] = listed === null ? [] : [listed.sight];
  const addresses: ProxyAddress[] = [];
  for (const proxy of own) {
    const found = isIP(proxy.host) === 0 ? await lookAtName({ host: proxy.host, listed: inList, lookup: question.lookup }) : null;
    if (found !== null) sights.push(found.sight);
    const all = inList ?? found?.addresses ?? [proxy.host];
    addresses.push(...all.map((address) => addressOf(proxy, address, question)));
  }
  return { sights, addresses, proxyHost: question.proxyName ?? own[0]?.host ?? '' };
}

function addressOf(proxy: ProxyUrl, address: string, { proxyName, authorization }: AddressQuestion): ProxyAddress {
  return { ...proxy, host: proxyName ?? proxy.host, address, authorization: authorization ?? proxy.authorization };
}

/** Login and port of --proxy stay its own; what a list is of, the list says. */
function urlOf({ proxy }: AddressList, proxies: readonly ProxyUrl[]): ProxyUrl {
  return { isTls: false, ...proxy, authorization: proxies.find(({ host }) => host === proxy.host)?.authorization ?? null };
}

async function lookAtList(
  source: ListSource,
  { keys, clock, proxies }: AddressQuestion,
): Promise<{ sight: Sight; list: AddressList | null }> {
  const common = { check: 'list', address: null, door: null } as const;
  try {
    const fetched = await source.fetch(null);
    const judged = judgeList(fetched?.text ?? '', keys, clock.nowMs());
    if (!judged.ok) {
      const trouble = { leg: 'settings', code: judged.code, detail: clean(`${source.name}: ${judged.why}`) } as const;
      return { sight: { ...common, trouble, seen: wordsOf(trouble) }, list: judged.code === 'EXPIRED' ? judged.list : null };
    }
    const { host, port } = judged.list.proxy;
    if (proxies.length > 0 && !proxies.some((proxy) => proxy.host === host && proxy.port === port)) {
      const trouble = { leg: 'settings', code: 'OTHER_PROXY', detail: clean(`${source.name} is of ${host}:${port}`) } as const;
      return { sight: { ...common, trouble, seen: wordsOf(trouble) }, list: null };
    }
    const until = `until ${instant(judged.list.expiresMs)}`;
    const seen = clean(`${keys === null ? 'signature not checked (no --addresses-key)' : 'signed'}, ${until}`);
    return { sight: { ...common, trouble: null, seen }, list: judged.list };
  } catch (error) {
    const trouble = troubleOf(error, 'proxy-answer');
    return { sight: { ...common, trouble, seen: clean(`${source.name}: ${wordsOf(trouble)}`) }, list: null };
  }
}
