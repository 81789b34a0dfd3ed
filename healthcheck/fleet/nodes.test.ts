import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../clock.ts';
import { fastClock } from '../testing/fake-clock.ts';
import type { Slot } from './fleet.ts';
import { type Asked, askDrain, askNode, tellNode } from './nodes.ts';
import { slot } from './test-support.ts';

const silence: RequestListener = () => {};

async function ask(t: TestContext, listener: RequestListener, token: string | null = null): Promise<Asked | null> {
  // Only silence is waited for faster: a busy machine may take its time to answer.
  return askNode(await serve(t, listener, token), listener === silence ? fastClock : systemClock);
}

async function serve(t: TestContext, listener: RequestListener, token: string | null = null): Promise<Slot> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return slot('a', 1, { admin, token });
}

const STATUS = { version: '0.1.0', ready: false, reasons: ['draining'], tunnels: 5, opensPerSecond: 2, node: 'eu-1a' };
const PROGRESS = { phase: 'closing', tunnels: 5, tunnelsAtFirst: 9, settleLeftMs: 0, rate: 8, rateNow: 4, why: 'trouble', etaMs: 1_250 };

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
  const node = { version: '0.1.0', ready: false, reasons: ['draining'], tunnels: 5, opensPerSecond: 2 };
  assert.deepEqual(asked, { node: { ...node, troubles: null, drain: null } });
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
  ['is silent', silence, /^no answer within 3000 ms$/],
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
  assert.deepEqual(await askNode(slot('a', 1, { admin: 'http://127.0.0.1:1025' }), systemClock), { silent: 'ECONNREFUSED' });
});

test('a node that drains says how far it is, to both questions', async (t) => {
  const answers: Readonly<Record<string, object>> = {
    '/status': { ...STATUS, troubles: 7, drain: { ...PROGRESS, by: 'ann' } },
    '/drain': { drain: { ...PROGRESS, by: 'ann' } },
  };
  const node = await serve(t, (request, response) => response.end(JSON.stringify(answers[request.url ?? ''])));
  const asked = await askNode(node, systemClock);
  assert.ok(asked !== null && 'node' in asked);
  assert.deepEqual([asked.node.troubles, asked.node.drain], [7, PROGRESS]);
  assert.deepEqual(await askDrain(node, systemClock), { drain: PROGRESS });
});

for (const [what, answer, expected] of [
  ['does not drain', { drain: null }, { drain: null }],
  ['says something else', { drain: { phase: 'melting' } }, { drain: null }],
] as const) {
  test(`a node that ${what}`, async (t) => {
    const node = await serve(t, (_, response) => response.end(JSON.stringify(answer)));
    assert.deepEqual(await askDrain(node, systemClock), expected);
  });
}

test('an order goes out as JSON, with the token and with who asks', async (t) => {
  const seen: unknown[] = [];
  const node = await serve(
    t,
    (request, response) => {
      const { method, url, headers } = request;
      seen.push(method, url, headers['content-type'], headers.authorization, headers['pinhole-actor']);
      request.on('data', (chunk) => seen.push(String(chunk))).on('end', () => response.end('{}'));
    },
    'TOKEN',
  );
  assert.deepEqual(await tellNode(node, '/drain', { do: 'now' }, 'fleet, ann', systemClock), { taken: true });
  assert.deepEqual(seen, ['POST', '/drain', 'application/json', 'Bearer TOKEN', 'fleet, ann', '{"do":"now"}']);
});

for (const [what, listener, expected] of [
  [
    'in its own words',
    (_, response) => response.writeHead(409).end('{"error":"this node is not draining"}'),
    { refused: '409: this node is not draining' },
  ],
  ['with no word', (_, response) => response.writeHead(401).end('no'), { refused: '401' }],
  ['by silence', silence, { silent: 'no answer within 8000 ms' }],
] as readonly (readonly [string, RequestListener, object])[]) {
  test(`an order is refused ${what}`, async (t) => {
    const clock = listener === silence ? fastClock : systemClock;
    assert.deepEqual(await tellNode(await serve(t, listener, 'TOKEN'), '/drain', {}, 'ann', clock), expected);
  });
}

test('without a token nobody is told', async () => {
  const told = await tellNode(slot('a', 1, { admin: 'http://127.0.0.1:1' }), '/drain', {}, 'ann', fastClock);
  assert.deepEqual(told, { refused: 'FLEET.yaml names no token of a' });
});
