import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { askJson } from './ask.ts';
import { json, listenBounded, NOT_FOUND } from './bounded-server.ts';

async function serve(t: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'server-'));
  const path = join(folder, 'api.sock');
  writeFileSync(path, 'left by an earlier run');
  const listening = await listenBounded({ path }, ({ path: asked, query }) => {
    if (asked === '/throw') throw new Error('a secret of ours');
    return asked === '/hello' ? json(200, { hello: query.get('name') }) : NOT_FOUND;
  });
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

function get(socketPath: string, path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject).end();
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
  assert.ok(systemClock.nowMs() - startedMs < 5_000);
  assert.equal(await askJson(`${path}.3`, '/', systemClock, 200), null);
  assert.equal(await askJson(path, '/nope', systemClock), null);
  assert.deepEqual(await askJson(path, '/hello', systemClock), { hello: null });
});
