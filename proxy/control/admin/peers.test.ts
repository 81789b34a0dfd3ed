import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { askPeers, glanceAt } from './peers.ts';

const STATUS = {
  node: 'eu-1b',
  version: '1',
  generation: 2,
  ready: true,
  tunnels: 5,
  capacity: { tunnels: 100 },
  opensPerSecond: 1.5,
  drain: null,
};

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('peers are asked for their status with our token, and stand in their order', async (t) => {
  const seen: unknown[] = [];
  const url = await serve(t, ({ url: path, headers }, response) => {
    seen.push(path, headers.authorization);
    response.end(JSON.stringify(STATUS));
  });
  const [first, second] = await askPeers([url, 'http://127.0.0.1:1'], 'TOKEN', systemClock);
  assert.deepEqual(seen, ['/status', 'Bearer TOKEN']);
  assert.deepEqual([first?.url, first?.status?.node, first?.status?.tunnelsMax, first?.error], [url, 'eu-1b', 100, null]);
  assert.deepEqual([second?.status, second?.error], [null, 'no answer (ECONNREFUSED)']);
});

for (const [what, listener, error] of [
  ['does not take the token', (_, response) => response.writeHead(401).end(), 'it does not take our admin.token'],
  ['leads elsewhere', (_, response) => response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(), 'it answers 302'],
  ['is no node', (_, response) => response.end('{"hello":1}'), 'what answers there is no node'],
  [
    'has a name without end',
    (_, response) => response.end(JSON.stringify({ ...STATUS, node: 'x'.repeat(1e6) })),
    'what answers there is no node',
  ],
  ['breaks its answer after the head', (_, response) => brokenAfterHead(response), 'no answer (HPE_INVALID_CHUNK_SIZE)'],
  ['speaks no JSON', (_, response) => response.end('<html>'), 'what answers there is no node'],
  ['says too much', (_, response) => response.end('x'.repeat(5 * 1024 * 1024)), 'its answer is too long'],
  ['breaks off', (_, response) => response.socket?.destroy(), 'no answer (ECONNRESET)'],
] as [string, RequestListener, string][]) {
  test(`a peer that ${what} is shown with the reason`, async (t) => {
    const [row] = await askPeers([await serve(t, listener)], 'TOKEN', systemClock);
    assert.deepEqual([row?.status, row?.error], [null, error]);
  });
}

/** Chunks that are none: the parser's word comes behind the answer's head. */
function brokenAfterHead({ socket }: ServerResponse): void {
  socket?.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"node"');
}

test('of what a peer says only so much is shown', () => {
  const glance = glanceAt({ ...STATUS, reasons: Array.from({ length: 1_000 }, () => 'r'), concerns: ['x'.repeat(1e6), 'c'] });
  assert.deepEqual([glance?.reasons.length, glance?.concerns], [20, ['c']]);
});

test('a peer that hangs is given up', async (t) => {
  const url = await serve(t, () => {});
  const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(20, run) };
  const [row] = await askPeers([url], null, clock);
  assert.equal(row?.error, 'no answer within 2000 ms');
});

test('a node of another version is shown by what it says', () => {
  assert.deepEqual(glanceAt({ node: 'n', version: '9', ready: false, tunnels: 1, reasons: ['a', 5], drain: { phase: 'closing' } }), {
    ...{ node: 'n', version: '9', generation: null, ready: false, degraded: false, reasons: ['a'], concerns: [] },
    ...{ tunnels: 1, tunnelsMax: null, opensPerSecond: 0, uptimeMs: null, drain: { phase: 'closing', etaMs: null } },
  });
});
