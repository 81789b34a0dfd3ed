import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook, parseProxies, type ProxyAddress, type ProxyUrl } from './addresses.ts';
import { AgentFailure, type Leg } from './failure.ts';

function proxies(...texts: string[]): readonly ProxyUrl[] {
  const parsed = parseProxies(texts);
  assert.ok(parsed.ok);
  return parsed.proxies;
}

for (const [text, expected] of [
  ['http://proxy.example.com', { isTls: false, host: 'proxy.example.com', port: 80, authorization: null }],
  ['https://Proxy.Example.com', { isTls: true, host: 'proxy.example.com', port: 443, authorization: null }],
  ['https://203.0.113.10:8443/', { isTls: true, host: '203.0.113.10', port: 8443, authorization: null }],
  ['http://[2001:db8::1]:8443', { isTls: false, host: '2001:db8::1', port: 8443, authorization: null }],
  ['https://acme:t%40ken@p.example', { isTls: true, host: 'p.example', port: 443, authorization: 'Basic YWNtZTp0QGtlbg==' }],
] as const) {
  test(`--proxy ${text} is read`, () => {
    assert.deepEqual(proxies(text), [expected]);
  });
}

for (const text of [
  'proxy.example.com:443',
  'ftp://a',
  'socks5://a:1080',
  'http://',
  'http://a:0',
  'http://a/path',
  'http://a?x=1',
  'https://user@a',
  'http://a:99999',
]) {
  test(`--proxy ${text} is refused`, () => {
    const parsed = parseProxies([text]);
    assert.ok(!parsed.ok && parsed.problems.length === 1 && parsed.problems[0]?.startsWith('--proxy'));
  });
}

test('a problem with a proxy never repeats its token', () => {
  const parsed = parseProxies(['htp://acme:sesame@a', 'http://acme:sesame@a/x', 'https://:sesame@a']);
  assert.ok(!parsed.ok);
  assert.equal(parsed.problems.length, 3);
  assert.doesNotMatch(parsed.problems.join(), /sesame/);
});

test('repeated flags and comma lists add up', () => {
  assert.deepEqual(
    proxies('http://a:1, http://b:2', 'http://c:3').map((proxy) => proxy.host),
    ['a', 'b', 'c'],
  );
});

const failure = (leg: Leg, retryAfterMs?: number): AgentFailure =>
  new AgentFailure({ leg, code: leg.toUpperCase(), fixer: 'site', detail: 'x', retryAfterMs });

function book(list: readonly ProxyUrl[], random = 0): AddressBook {
  return new AddressBook(list, { lookup: (host) => Promise.resolve([`${host}-1`, `${host}-2`]), random: () => random });
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

test('every address of every name is tried, from a random one on', async () => {
  const fail = (): never => {
    throw failure('proxy-tcp');
  };
  const list = proxies('http://a:1', 'http://127.0.0.9:2');
  assert.deepEqual((await tried(book(list), fail)).order, ['a-1', 'a-2', '127.0.0.9']);
  assert.deepEqual((await tried(book(list, 0.5), fail)).order, ['a-2', '127.0.0.9', 'a-1']);
});

test('the address that went well is the first the next time, until it is forgotten', async () => {
  const addresses = book(proxies('http://a:1', 'http://b:1'));
  const onlyB2 = (proxy: ProxyAddress): void => {
    if (proxy.address !== 'b-2') throw failure('proxy-answer');
  };
  assert.equal((await tried(addresses, onlyB2)).order.length, 4);
  assert.deepEqual((await tried(addresses, onlyB2)).order, ['b-2']);
  addresses.forget();
  assert.equal((await tried(addresses, onlyB2)).order.length, 4);
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
  const mixed = new AddressBook(proxies('http://gone:1', 'http://here:1'), { lookup, random: () => 0 });
  assert.deepEqual((await tried(mixed, () => {})).order, ['192.0.2.1']);

  const alone = new AddressBook(proxies('http://gone:1'), { lookup, random: () => 0 });
  const { failure: seen } = await tried(alone, () => {});
  assert.deepEqual([seen?.facts.leg, seen?.facts.code, seen?.facts.fixer], ['proxy-name', 'ENOTFOUND', 'site']);
});
