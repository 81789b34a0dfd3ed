// The checker's question on real sockets: what counts as an answer.

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { CheckConfig } from '../health-check-book.ts';
import { CONNECT_TIMEOUT_MS } from '../limits.ts';
import { probe } from './probe.ts';

const CONFIG: CheckConfig = {
  type: 'HTTP_STR_MATCH',
  address: '127.0.0.1',
  port: 0,
  path: '/ready',
  search: 'ready',
  host: 'proxy.example.com',
  intervalS: 10,
  threshold: 3,
  inverted: false,
  disabled: false,
  measureLatency: false,
  regions: [],
};

const REAL = (ms: number): number => ms;
/** For a wait that ends with its timeout; the connection before it has to come about. */
const FAST = (ms: number): number => (ms === CONNECT_TIMEOUT_MS ? ms : ms / 4);

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function ask(t: TestContext, listener: RequestListener, more: Partial<CheckConfig> = {}, toRealMs = REAL) {
  const server = createServer(listener);
  t.after(() => server.closeAllConnections());
  const port = await listen(t, server);
  return probe({ ...CONFIG, port, ...more }, toRealMs);
}

test('200 with the text is good; the question names the path, the host with its port, and who asks', async (t) => {
  const seen: string[] = [];
  const result = await ask(t, (request, response) => {
    seen.push(`${request.url}`, `${request.headers.host?.replace(/\d+$/, 'PORT')}`, `${request.headers['user-agent']}`);
    response.end('ready\n');
  });
  assert.ok(result.isGood);
  assert.deepEqual(seen.slice(0, 2), ['/ready', 'proxy.example.com:PORT']);
  assert.match(seen[2] ?? '', /^Amazon-Route53-Health-Check-Service/);
});

for (const [name, status, body, isGood] of [
  ['another text', 200, 'closed', false],
  ['a redirect with the text', 302, 'ready', true],
  ['503 with the text', 503, 'ready', false],
  ['404', 404, '', false],
  ['the text in the first 5,120 bytes', 200, `${'x'.repeat(5_115)}ready`, true],
  ['the text behind them', 200, `${'x'.repeat(5_116)}ready`, false],
] as const) {
  test(`${name} is ${isGood ? 'good' : 'bad'}`, async (t) => {
    const result = await ask(t, (_, response) => response.writeHead(status).end(body));
    assert.equal(result.isGood, isGood, result.words);
  });
}

test('without a search text the status alone counts', async (t) => {
  const config = { type: 'HTTP', search: undefined } as const;
  assert.ok((await ask(t, (_, response) => response.end('anything'), config)).isGood);
});

test('an endpoint that accepts and says nothing is bad after 2 s', async (t) => {
  const result = await ask(t, () => {}, {}, FAST);
  assert.deepEqual(result, { isGood: false, words: 'The endpoint did not answer in time.' });
});

test('a body that does not come is bad', async (t) => {
  const result = await ask(t, (_, response) => void response.writeHead(200).write('rea'));
  assert.deepEqual(result, { isGood: false, words: 'The body did not come in time.' });
});

test('nobody there', async () => {
  assert.deepEqual(await probe({ ...CONFIG, port: 1 }, REAL), { isGood: false, words: 'connect ECONNREFUSED 127.0.0.1:1' });
});

test('TCP asks for a connection and nothing else', async (t) => {
  const port = await listen(
    t,
    createTcp((socket) => socket.on('error', () => {})),
  );
  const tcp = { ...CONFIG, type: 'TCP', path: undefined, search: undefined } as const;
  assert.ok((await probe({ ...tcp, port }, REAL)).isGood);
  assert.ok(!(await probe({ ...tcp, port: 1 }, REAL)).isGood);
});
