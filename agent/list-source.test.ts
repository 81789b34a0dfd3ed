import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { test, type TestContext } from 'node:test';
import type { Published } from './address-list.ts';
import { AddressBook } from './addresses.ts';
import { systemClock } from './clock.ts';
import { AgentFailure } from './failure.ts';
import { fileSource, parseListUrl, urlSource } from './list-source.ts';
import { createAuthority } from './testing/certificates.ts';
import { listen, startServer } from './testing/relay.ts';

const PATH = '/.well-known/pinhole/addresses.json';
const authority = createAuthority('Test Root');

for (const [text, expected] of [
  [`https://proxy.test${PATH}`, { isTls: true, host: 'proxy.test', port: 443, path: PATH }],
  [`http://proxy.test:8443${PATH}?v=1`, { isTls: false, host: 'proxy.test', port: 8443, path: `${PATH}?v=1` }],
  ['http://[2001:db8::1]/x', { isTls: false, host: '2001:db8::1', port: 80, path: '/x' }],
  ['ftp://proxy.test/x', null],
  ['https://user:token@proxy.test/x', null],
  ['https://proxy.test/x#y', null],
  ['https:proxy.test/x', null],
  ['addresses.json', null],
] as const) {
  test(`${text} is ${expected ? 'a URL of a list' : 'none'}`, () => assert.deepEqual(parseListUrl(text), expected));
}

interface World {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
}

async function serve(t: TestContext, answer: RequestListener, isTls = false): Promise<World> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server = isTls ? createTlsServer(authority.issue('proxy.test', ['proxy.test']), listener) : createServer(listener);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: await listen(server), requests };
}

/** The source of a URL whose host is proxy.test, at these addresses of loopback. */
function sourceAt(port: number, { isTls = false, published = null as Published | null, lookup = ['127.0.0.1'] } = {}) {
  const url = { isTls, host: 'proxy.test', port, path: PATH };
  const book = new AddressBook([{ ...url, authorization: null }], {
    clock: systemClock,
    random: () => 0,
    lookup: () => Promise.resolve(lookup),
    published: () => published,
  });
  return urlSource(url, { book, tls: { ca: authority.ca, cert: undefined, key: undefined }, clock: systemClock });
}

test('a source is called by its URL without the query, in which a key may be', () => {
  const nameOf = (path: string): string => {
    const url = { isTls: true, host: 'proxy.test', port: 443, path };
    const book = new AddressBook([{ ...url, authorization: null }], { clock: systemClock, random: () => 0, lookup: async () => [] });
    return urlSource(url, { book, tls: { ca: undefined, cert: undefined, key: undefined }, clock: systemClock }).name;
  };
  assert.equal(nameOf('/list'), 'https://proxy.test:443/list');
  assert.match(nameOf('/list?key=SECRET'), /^https:\/\/proxy\.test:443\/list\?\([0-9a-f]{8}\)$/);
  assert.notEqual(nameOf('/list?key=SECRET'), nameOf('/list?key=OTHER'), 'what was kept of one list is not taken for the other');
});

async function failureOf(asked: Promise<unknown>): Promise<AgentFailure> {
  const error: unknown = await asked.then(
    () => assert.fail('a list came'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AgentFailure, String(error));
  return error;
}

for (const isTls of [false, true]) {
  test(`a list is fetched ${isTls ? 'over TLS, under the name of the proxy' : 'in clear'}, and asked for again by its tag`, async (t) => {
    const { port, requests } = await serve(
      t,
      (request, response) => {
        if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
        else response.writeHead(200, { ETag: '"1"' }).end('the list');
      },
      isTls,
    );
    const source = sourceAt(port, { isTls });
    assert.deepEqual(await source.fetch(null), { text: 'the list', etag: '"1"' });
    assert.equal(await source.fetch('"1"'), null);
    assert.deepEqual(
      requests.map(({ url, headers }) => [url, headers.host, headers['if-none-match']]),
      [
        [PATH, `proxy.test:${port}`, undefined],
        [PATH, `proxy.test:${port}`, '"1"'],
      ],
    );
  });
}

test('an address where nothing listens, and one that has no list, are passed over', async (t) => {
  const { port } = await serve(t, (_request, response) => response.writeHead(200).end('the list'));
  const published = { first: ['127.0.0.99', '127.0.0.1'], last: [] };
  assert.deepEqual(await sourceAt(port, { published }).fetch(null), { text: 'the list', etag: null });
});

for (const [name, answer, code, detail] of [
  [
    'a node without a list',
    ((_request, response) => response.writeHead(404, { 'Pinhole-Reason': 'NOT_FOUND' }).end()) as RequestListener,
    'HTTP_404',
    /it answered 404 NOT_FOUND/,
  ],
  ['a way to elsewhere', (_request, response) => response.writeHead(302, { Location: '/x' }).end(), 'HTTP_302', /it answered 302/],
  [
    'an answer that is cut off',
    (request, response) => response.writeHead(200, { 'Content-Length': 99 }).end('{', () => request.destroy()),
    'ECONNRESET',
    /./,
  ],
  ['an answer without an end', (_request, response) => response.writeHead(200).end('x'.repeat(70_000)), 'ANSWER_TOO_LONG', /longer than/],
] as readonly (readonly [string, RequestListener, string, RegExp])[]) {
  test(`${name} is ${code}`, async (t) => {
    const { port } = await serve(t, answer);
    const { facts } = await failureOf(sourceAt(port).fetch(null));
    assert.deepEqual([facts.leg, facts.code], ['proxy-answer', code]);
    assert.match(facts.detail, detail);
  });
}

test('something that is not HTTP is no list', async (t) => {
  const server = await startServer((client) => client.end('220 mail.test ESMTP\r\n'));
  t.after(() => server.close());
  assert.equal((await failureOf(sourceAt(server.port).fetch(null))).facts.leg, 'proxy-answer');
});

test('a certificate for another name is refused, whatever the list would have been', async (t) => {
  const { port, requests } = await serve(t, (_request, response) => response.writeHead(200).end('the list'), true);
  const url = { isTls: true, host: 'other.test', port, path: PATH };
  const book = new AddressBook([{ ...url, authorization: null }], {
    clock: systemClock,
    random: () => 0,
    lookup: () => Promise.resolve(['127.0.0.1']),
  });
  const source = urlSource(url, { book, tls: { ca: authority.ca, cert: undefined, key: undefined }, clock: systemClock });
  assert.equal((await failureOf(source.fetch(null))).facts.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.equal(requests.length, 0);
});

test('a tag that would not fit into a request is not kept', async (t) => {
  const { port } = await serve(t, (_request, response) => response.writeHead(200, { ETag: `"${'x'.repeat(300)}"` }).end('the list'));
  assert.deepEqual(await sourceAt(port).fetch(null), { text: 'the list', etag: null });
});

test('a file is read each time, and one that is not there says so', async () => {
  let text = 'one';
  const source = fileSource('/etc/list.json', () => text);
  assert.deepEqual(await source.fetch(null), { text: 'one', etag: null });
  text = 'two';
  assert.deepEqual(await source.fetch('"x"'), { text: 'two', etag: null });
  const gone = fileSource('/etc/list.json', () => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  });
  assert.equal((await failureOf(gone.fetch(null))).facts.code, 'ENOENT');
});
