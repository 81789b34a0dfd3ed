// What the small readers of the doctor make of answers, names and environments.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readReady } from './look-at-address.ts';
import { readTunnelAnswer } from './look-at-door.ts';
import { lookAtName, siteProxyIn } from './look-at-name.ts';
import { clean, cleanCertificate } from './look.ts';

describe('a 200 to CONNECT', () => {
  const answer = (phrase: string, fields: Readonly<Record<string, string>>) =>
    readTunnelAnswer({ status: 200, phrase, fields: new Map(Object.entries(fields)), headLength: 0 });

  test('is Pinhole’s where it is one line', () => assert.deepEqual(answer('Connection established', {}).marks, []));
  test('is somebody else’s where it has a field, and a value is shown of a few alone', () =>
    assert.deepEqual(answer('Connection established', { via: '1.1 corp', 'set-cookie': 'secret' }).marks, ['via: 1.1 corp', 'set-cookie']));
});

describe('/ready', () => {
  for (const [status, body, isPinhole] of [
    [200, 'ready\n', true],
    [503, 'closed\n', true],
    [200, '<html>log in</html>', false],
    [200, 'closed\n', false],
  ] as const) {
    test(`${status} ${JSON.stringify(body)}: ${isPinhole ? 'Pinhole' : 'somebody else'}`, () =>
      assert.equal(readReady({ status, headers: {}, body }).isPinhole, isPinhole));
  }
});

describe('the proxy’s name', () => {
  const look = async (found: readonly string[], listed: readonly string[] | null): Promise<string | null> =>
    (await lookAtName({ host: 'proxy.test', listed, lookup: () => Promise.resolve(found) })).sight.trouble?.code ?? null;

  test('is right where DNS gives some of the list', async () => assert.equal(await look(['192.0.2.1'], ['192.0.2.1', '192.0.2.2']), null));
  test('is elsewhere where DNS gives one that is not on the list', async () =>
    assert.equal(await look(['192.0.2.1', '198.51.100.7'], ['192.0.2.1']), 'ELSEWHERE'));
  test('without a list it is elsewhere where a filter leads it nowhere', async () => {
    assert.equal(await look(['0.0.0.0'], null), 'ELSEWHERE');
    assert.equal(await look(['192.0.2.1'], null), null);
  });
});

describe('the environment', () => {
  const hosts = ['proxy.example.com', '203.0.113.10'];
  for (const [env, expected] of [
    [{}, null],
    [{ HTTPS_PROXY: 'http://user:secret@proxy.corp:3128' }, { host: 'proxy.corp', port: 3128 }],
    [{ https_proxy: 'proxy.corp:3128' }, { host: 'proxy.corp', port: 3128 }],
    [{ ALL_PROXY: 'http://proxy.corp' }, { host: 'proxy.corp', port: 80 }],
    [{ HTTPS_PROXY: 'http://proxy.corp', NO_PROXY: 'example.com,203.0.113.10' }, null],
    [
      { HTTPS_PROXY: 'http://proxy.corp', NO_PROXY: 'example.com' },
      { host: 'proxy.corp', port: 80 },
    ],
    [{ HTTPS_PROXY: 'http://proxy.corp', NO_PROXY: '*' }, null],
    [{ HTTPS_PROXY: 'http://[' }, null],
  ] as const) {
    test(`${JSON.stringify(env)}: ${JSON.stringify(expected)}`, () => assert.deepEqual(siteProxyIn(env, hosts), expected));
  }
});

test('text from the wire is printable and short', () => {
  assert.equal(clean('a\u001b[31m\r\nü'), 'a?[31m???');
  assert.equal(clean('x'.repeat(1_000)).length, 160);
});

test('a certificate goes into a verdict without what would steer a terminal, and not without end', () => {
  const names = ['proxy.test', '\u009B2J\u001B]0;title\u0007', ...Array.from({ length: 5_000 }, (_, place) => `n${place}.test`)];
  const seen = cleanCertificate({ names, issuers: ['CN\n\u202Eevil'], validFromMs: 1, validToMs: 2 });
  assert.deepEqual([seen.names.slice(0, 2), seen.names.length, seen.issuers], [['proxy.test', '?2J?]0;title?'], 100, ['CN??evil']]);
  assert.deepEqual([seen.validFromMs, seen.validToMs], [1, 2]);
});
