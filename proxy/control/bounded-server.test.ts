import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { askJson, tellJson } from './ask.ts';
import type { ChangeHandler, Handler, Outlet } from './bounded-server.ts';
import { ACTOR_HEADER, json, listenBounded, NOT_FOUND } from './bounded-server.ts';

async function serve(t: TestContext, change: ChangeHandler | null = null): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'server-'));
  const path = join(folder, 'api.sock');
  writeFileSync(path, 'left by an earlier run');
  const read: Handler = ({ path: asked, query }) => {
    if (asked === '/throw') throw new Error('a secret of ours');
    return asked === '/hello' ? json(200, { hello: query.get('name') }) : NOT_FOUND;
  };
  const listening = await listenBounded({ path }, read, change);
  t.after(async () => {
    await listening.close();
    rmSync(folder, { recursive: true });
  });
  return path;
}

interface Got {
  readonly status: number;
  readonly text: string;
}

function get(
  socketPath: string,
  path: string,
  { body, ...options }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}

test('a path and its query are answered, on a socket that only we may use', async (t) => {
  const path = await serve(t);
  assert.deepEqual(await get(path, '/hello?name=a%20b'), { status: 200, text: '{"hello":"a b"}\n' });
  assert.equal((await get(path, '/nope')).status, 404);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('HEAD is GET without the body; any other method is refused', async (t) => {
  const path = await serve(t);
  assert.deepEqual(await get(path, '/hello', { method: 'HEAD' }), { status: 200, text: '' });
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.equal((await get(path, '/hello', { method })).status, 405);
});

test('what goes wrong inside is not told', async (t) => {
  const { status, text } = await get(await serve(t), '/throw');
  assert.equal(status, 500);
  assert.doesNotMatch(text, /secret/);
});

test('a head that is too large is refused', async (t) => {
  assert.equal((await get(await serve(t), '/hello', { headers: { padding: 'x'.repeat(9_000) } })).status, 431);
});

test('a client that never finishes its head is let go and holds nobody up', async (t) => {
  const path = await serve(t);
  const slow = connect(path);
  slow.on('error', () => {});
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.resume();
  slow.write('GET /hello HTTP/1.1\r\nHost');
  assert.equal((await get(path, '/hello')).status, 200);
  await closed;
});

test('askJson gives up on a server that accepts and says nothing', async (t) => {
  const path = await serve(t);
  const listening = await listenBounded({ path: `${path}.2` }, () => new Promise(() => {}));
  t.after(() => listening.close());
  const startedMs = systemClock.nowMs();
  assert.equal(await askJson(`${path}.2`, '/', systemClock, 200), null);
  assert.ok(systemClock.nowMs() - startedMs < 8_000);
  assert.equal(await askJson(`${path}.3`, '/', systemClock, 200), null);
  assert.equal(await askJson(path, '/nope', systemClock), null);
  assert.deepEqual(await askJson(path, '/hello', systemClock), { hello: null });
});

const echo: ChangeHandler = ({ path, from, actor, body }) => (body.ok ? json(200, { path, from, actor, got: body.value }) : body.answer);
const AS_JSON = { 'Content-Type': 'application/json; charset=utf-8' };

test('a POST of JSON is given to whoever takes changes, with who asks', async (t) => {
  const path = await serve(t, echo);
  const got = await get(path, '/do', { method: 'POST', headers: { ...AS_JSON, [ACTOR_HEADER]: 'ann' }, body: '{"a":1}' });
  assert.deepEqual(got, { status: 200, text: '{"path":"/do","from":null,"actor":"ann","got":{"a":1}}\n' });
  assert.equal((await get(path, '/hello')).status, 200);
  assert.equal((await get(path, '/hello', { method: 'PUT' })).status, 405);
});

for (const [what, headers, body, status] of [
  ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, '{}', 415],
  ['a text', { 'Content-Type': 'text/plain' }, '{}', 415],
  ['no type', {}, '{}', 415],
  ['a type that only begins like JSON', { 'Content-Type': 'application/jsonp' }, '{}', 415],
  ['no JSON', AS_JSON, '{"a":', 400],
  ['nothing', AS_JSON, '', 400],
  ['too much', AS_JSON, JSON.stringify('x'.repeat(5_000)), 413],
  ['far too much', AS_JSON, JSON.stringify('x'.repeat(5_000_000)), 413],
] as const) {
  test(`a POST of ${what} is ${status}`, async (t) => {
    assert.equal((await get(await serve(t, echo), '/do', { method: 'POST', headers: { ...headers }, body })).status, status);
  });
}

test('a body that does not end holds nobody up', async (t) => {
  const path = await serve(t, echo);
  const slow = connect(path);
  slow.on('error', () => {});
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.resume();
  slow.write('POST /do HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{');
  assert.equal((await get(path, '/hello')).status, 200);
  await closed;
});

test('tellJson gives back the status and the answer, and null where nobody answers', async (t) => {
  const path = await serve(t, echo);
  assert.deepEqual(await tellJson(path, '/do', { b: 2 }, systemClock), {
    status: 200,
    value: { path: '/do', from: null, actor: '', got: { b: 2 } },
  });
  assert.equal(await tellJson(`${path}.9`, '/do', {}, systemClock), null);
});

test('an answer that would go on, and for which there is no room any more, ends at once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'server-'));
  const path = join(folder, 'api.sock');
  const listening = await listenBounded({ path }, () => ({ status: 200, body: '', type: 'text/event-stream', stream: () => null }));
  t.after(async () => {
    await listening.close();
    rmSync(folder, { recursive: true });
  });
  assert.deepEqual(await get(path, '/events'), { status: 200, text: '' });
});

test('an answer that goes on is written as it comes, and whoever leaves is let go', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'server-'));
  const path = join(folder, 'api.sock');
  const outlets: Outlet[] = [];
  let left = 0;
  const listening = await listenBounded({ path }, () => ({
    ...{ status: 200, body: '', type: 'text/event-stream' },
    stream: (outlet) => {
      outlets.push(outlet);
      return () => (left += 1);
    },
  }));
  t.after(async () => {
    await listening.close();
    rmSync(folder, { recursive: true });
  });
  const outgoing = request({ socketPath: path, path: '/events' });
  outgoing.end();
  const response = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
  assert.deepEqual([response.statusCode, response.headers['content-type']], [200, 'text/event-stream']);
  outlets[0]?.write('data: 1\n\n');
  const [chunk] = (await once(response, 'data')) as [Buffer];
  assert.equal(chunk.toString(), 'data: 1\n\n');
  // Whoever reads no more has what is written wait, and the writer can see how much.
  response.pause();
  for (let turn = 0; turn < 64; turn += 1) outlets[0]?.write('x'.repeat(64 * 1024));
  assert.ok((outlets[0]?.waiting() ?? 0) > 1024 * 1024);
  assert.equal(left, 0);
  outgoing.destroy();
  while (left === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(left, 1);
});

test('a request with two hosts is none, whichever comes first', async (t) => {
  const path = await serve(t);
  const socket = connect(path).setEncoding('utf8');
  let said = '';
  socket.on('data', (chunk: string) => (said += chunk));
  socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n');
  await once(socket, 'close');
  assert.match(said, /^HTTP\/1\.1 400 .*one Host/s);
});
