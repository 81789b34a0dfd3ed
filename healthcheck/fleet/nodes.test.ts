import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fastClock } from '../testing/fake-clock.ts';
import { type Asked, askNode } from './nodes.ts';
import { slot } from './test-support.ts';

async function ask(t: TestContext, listener: RequestListener, token: string | null = null): Promise<Asked | null> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return askNode(slot('a', 1, { admin, token }), fastClock);
}

const STATUS = { version: '0.1.0', ready: false, reasons: ['draining'], tunnels: 5, opensPerSecond: 2, node: 'eu-1a' };

test('a node says how it is, and is told who asks', async (t) => {
  const seen: unknown[] = [];
  const asked = await ask(
    t,
    (request, response) => {
      seen.push(request.url, request.headers.authorization);
      response.end(JSON.stringify(STATUS));
    },
    'TOKEN',
  );
  assert.deepEqual(seen, ['/status', 'Bearer TOKEN']);
  assert.deepEqual(asked, { node: { version: '0.1.0', ready: false, reasons: ['draining'], tunnels: 5, opensPerSecond: 2 } });
});

test('no admin address: nobody is asked', async () => {
  assert.equal(await askNode(slot('a', 1), fastClock), null);
});

for (const [name, listener, says] of [
  ['refuses', (_, response) => response.writeHead(403).end(), /^its admin address answers 403$/],
  ['is something else', (_, response) => response.end('{"version":1}'), /^what answers there is no node$/],
  ['answers nothing that can be read', (_, response) => response.end('<html>'), /JSON/],
  [
    'leads elsewhere, where the token has no business',
    (_, response) => response.writeHead(302, { location: 'http://192.0.2.1/' }).end(),
    /redirect/,
  ],
  ['is silent', () => {}, /^no answer within 3000 ms$/],
  ['hangs up', (request) => request.socket.destroy(), /^(?:UND_ERR_SOCKET|ECONNRESET)$/],
] as readonly (readonly [string, RequestListener, RegExp])[]) {
  test(`what answers there ${name}`, async (t) => {
    const asked = await ask(t, listener, 'SECRETMARK');
    assert.ok(asked !== null && 'silent' in asked);
    assert.match(asked.silent, says);
    assert.doesNotMatch(asked.silent, /SECRETMARK/);
  });
}

test('nobody is there', async () => {
  assert.deepEqual(await askNode(slot('a', 1, { admin: 'http://127.0.0.1:1025' }), fastClock), { silent: 'ECONNREFUSED' });
});
