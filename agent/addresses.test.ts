import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressBook, type AddressDeps, type ProxyAddress } from './addresses.ts';
import { AgentFailure, type Leg } from './failure.ts';
import { parseProxies, type ProxyUrl } from './proxy-url.ts';
import { FakeClock } from './testing/fake-clock.ts';

const failure = (leg: Leg, retryAfterMs?: number): AgentFailure =>
  new AgentFailure({ leg, code: leg.toUpperCase(), fixer: 'site', detail: 'x', retryAfterMs });

function proxies(...texts: string[]): readonly ProxyUrl[] {
  const parsed = parseProxies(texts);
  assert.ok(parsed.ok);
  return parsed.proxies;
}

/** With `random` at 0 nothing is shuffled. */
function book(list: readonly ProxyUrl[], deps: Partial<AddressDeps> = {}): AddressBook {
  const lookup = (host: string): Promise<string[]> => Promise.resolve([`${host}-1`, `${host}-2`]);
  return new AddressBook(list, { clock: new FakeClock(), lookup, random: () => 0, ...deps });
}

async function tried(
  addresses: AddressBook,
  attempt: (proxy: ProxyAddress) => void,
): Promise<{ order: string[]; failure: AgentFailure | null }> {
  const order: string[] = [];
  try {
    await addresses.tryEach((proxy) => {
      order.push(proxy.address);
      attempt(proxy);
      return Promise.resolve();
    });
    return { order, failure: null };
  } catch (error) {
    assert.ok(error instanceof AgentFailure);
    return { order, failure: error };
  }
}

const fail = (): never => {
  throw failure('proxy-tcp');
};

/** Goes well over this address alone. */
function only(address: string): (proxy: ProxyAddress) => void {
  return (proxy) => {
    if (proxy.address !== address) throw failure('proxy-tcp');
  };
}

test('every address of every name is tried, in any order', async () => {
  const list = proxies('http://a:1', 'http://127.0.0.9:2');
  assert.deepEqual((await tried(book(list), fail)).order, ['a-1', 'a-2', '127.0.0.9']);
  assert.deepEqual((await tried(book(list, { random: () => 0.5 }), fail)).order, ['a-2', '127.0.0.9', 'a-1']);
});

test('the address that went well is the first the next time, also after sessions that AWS ended, until one ends early', async () => {
  const addresses = book(proxies('http://a:1', 'http://b:1'));
  assert.equal((await tried(addresses, only('b-2'))).order.length, 4);
  assert.deepEqual((await tried(addresses, only('b-2'))).order, ['b-2']);
  assert.equal(addresses.lastGood, 'b (b-2:1)');
  assert.equal(addresses.sessionOver({ wasLost: false, hasLasted: true }), false);
  assert.deepEqual((await tried(addresses, only('b-2'))).order, ['b-2']);
  assert.equal(addresses.sessionOver({ wasLost: false, hasLasted: false }), false);
  assert.equal(addresses.lastGood, null);
});

test('a lost session goes on over the addresses that have not failed, and is waited for when every one has', async () => {
  const addresses = book(proxies('http://a:1', 'http://b:1'));
  assert.deepEqual((await tried(addresses, only('a-2'))).order, ['a-1', 'a-2']);
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: false }), true);
  assert.deepEqual((await tried(addresses, only('b-1'))).order, ['b-1'], 'neither the one that failed nor the one that was lost');
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: false }), true);
  assert.deepEqual((await tried(addresses, only('b-2'))).order, ['b-2']);
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: false }), false, 'the round is over');
  assert.equal((await tried(addresses, fail)).order.length, 4, 'and a new one has them all');
});

test('a session that lasted begins a round: what failed before it is tried again, behind the others', async () => {
  const addresses = book(proxies('http://a:1', 'http://b:1'));
  await tried(addresses, only('a-2'));
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: true }), true);
  assert.deepEqual((await tried(addresses, fail)).order, ['b-1', 'b-2', 'a-1']);
});

test('a round that every address has failed leaves nothing behind but its order', async () => {
  const addresses = book(proxies('http://a:1'));
  assert.deepEqual((await tried(addresses, fail)).order, ['a-1', 'a-2']);
  assert.deepEqual((await tried(addresses, only('a-2'))).order, ['a-1', 'a-2']);
});

test('after a round a name may have more addresses: the old ones are tried with the new one', async () => {
  let found = ['192.0.2.1'];
  const addresses = book(proxies('http://a:1'), { lookup: () => Promise.resolve(found) });
  await tried(addresses, () => {});
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: false }), false);
  found = ['192.0.2.1', '192.0.2.2'];
  assert.deepEqual((await tried(addresses, fail)).order, ['192.0.2.2', '192.0.2.1']);
});

test('with one address a lost session is waited for', async () => {
  const addresses = book(proxies('http://127.0.0.9:1'));
  await tried(addresses, () => {});
  assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: true }), false);
});

test('an address that asked to be left alone is left alone, and the others are not', async () => {
  const clock = new FakeClock();
  const addresses = book(proxies('http://a:1'), { clock });
  const draining = (proxy: ProxyAddress): void => {
    if (proxy.address === 'a-1') throw failure('proxy-answer', 9_000);
  };
  assert.deepEqual((await tried(addresses, draining)).order, ['a-1', 'a-2']);
  addresses.sessionOver({ wasLost: true, hasLasted: true });
  clock.advance(4_000);
  const early = await tried(addresses, fail);
  assert.deepEqual(early.order, [], 'the lost one is out of the round, the other one postponed');
  assert.equal(early.failure?.facts.retryAfterMs, 5_000);
  clock.advance(5_000);
  assert.equal((await tried(addresses, () => {})).failure, null);
});

describe('with a published list', () => {
  const published = (host: string) => (host === 'a' ? { first: ['192.0.2.1', '192.0.2.2'], last: ['192.0.2.3'] } : null);
  const noDns = (): Promise<never> => Promise.reject(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));

  test('its addresses stand for the name, which is not asked for; the standby comes last', async () => {
    let asked = 0;
    const lookup = (): Promise<string[]> => Promise.resolve([String((asked += 1))]);
    const addresses = book(proxies('http://a:1'), { published, lookup, random: () => 0.99 });
    assert.deepEqual((await tried(addresses, only('192.0.2.3'))).order, ['192.0.2.2', '192.0.2.1', '192.0.2.3']);
    assert.equal(asked, 0);
  });

  test('where none of them answers the name has the last word, and no address is tried twice', async () => {
    const lookup = (): Promise<string[]> => Promise.resolve(['192.0.2.2', '192.0.2.9']);
    const addresses = book(proxies('http://a:1'), { published, lookup });
    assert.deepEqual((await tried(addresses, only('192.0.2.9'))).order, ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.9']);
    const { failure: seen } = await tried(book(proxies('http://a:1'), { published, lookup: noDns }), fail);
    assert.deepEqual([seen?.facts.leg, seen?.others.length], ['proxy-tcp', 3]);
  });

  test('an address that leaves the list in the middle of a round does not end it', async () => {
    let list = { first: ['192.0.2.1', '192.0.2.2'], last: [] as string[] };
    const addresses = book(proxies('http://a:1'), { published: () => list, lookup: noDns });
    await tried(addresses, () => {});
    assert.equal(addresses.sessionOver({ wasLost: true, hasLasted: true }), true);
    list = { first: ['192.0.2.1'], last: [] };
    assert.deepEqual((await tried(addresses, () => {})).order, ['192.0.2.1']);
  });
});

test('an answer from past the proxy ends the round: another address cannot change it', async () => {
  for (const leg of ['credentials', 'upgrade', 'mqtt'] as const) {
    const { order, failure: seen } = await tried(book(proxies('http://a:1')), () => {
      throw failure(leg);
    });
    assert.deepEqual(order, ['a-1']);
    assert.equal(seen?.facts.via, 'a (a-1:1)');
  }
});

test('the failure that came furthest speaks for the round, with the longest Retry-After and the others beside it', async () => {
  const byAddress: Record<string, AgentFailure> = {
    'a-1': failure('proxy-answer', 5_000),
    'a-2': failure('endpoint-tls'),
    'b-1': failure('proxy-tcp'),
    'b-2': failure('proxy-answer', 9_000),
  };
  const { failure: seen } = await tried(book(proxies('http://a:1', 'http://b:1')), (proxy) => {
    throw byAddress[proxy.address] ?? new Error('unexpected address');
  });
  assert.equal(seen?.facts.leg, 'endpoint-tls');
  assert.equal(seen?.facts.retryAfterMs, 9_000);
  assert.equal(seen?.others.length, 3);
  assert.match(seen?.explain() ?? '', /also: {6}b \(b-2:1\): PROXY-ANSWER/);
});

test("a name that does not resolve is the site's matter, and the other names are still tried", async () => {
  const lookup = (host: string): Promise<string[]> =>
    host === 'gone'
      ? Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND gone'), { code: 'ENOTFOUND' }))
      : Promise.resolve(['192.0.2.1']);
  const mixed = book(proxies('http://gone:1', 'http://here:1'), { lookup });
  assert.deepEqual((await tried(mixed, () => {})).order, ['192.0.2.1']);

  const alone = book(proxies('http://gone:1'), { lookup });
  const { failure: seen } = await tried(alone, () => {});
  assert.deepEqual([seen?.facts.leg, seen?.facts.code, seen?.facts.fixer], ['proxy-name', 'ENOTFOUND', 'site']);
});
