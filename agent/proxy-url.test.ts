import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProxies, type ProxyUrl } from './proxy-url.ts';

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
  const parsed = parseProxies(['htp://acme:sesame@a', 'http://acme:sesame@a/x', 'https://:sesame@a', 'https://acme:sesame%zz@a']);
  assert.ok(!parsed.ok);
  assert.equal(parsed.problems.length, 4);
  assert.doesNotMatch(parsed.problems.join(), /sesame/);
});

test('repeated flags and comma lists add up', () => {
  assert.deepEqual(
    proxies('http://a:1, http://b:2', 'http://c:3').map((proxy) => proxy.host),
    ['a', 'b', 'c'],
  );
});
