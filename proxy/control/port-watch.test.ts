import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { startTestNode } from '../test/support/plane.ts';
import { testSettings } from '../test/support/settings.ts';
import { PortWatch } from './port-watch.ts';

function listener(name: string, port: number, trust: readonly string[] | null = null): ListenerSettings {
  const [standard] = testSettings().listeners;
  if (!standard) throw new Error('there is a listener');
  return { ...standard, name, port, proxyProtocolTrust: trust };
}

async function serve(t: TestContext, speak: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    speak(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function wrongAt(...listeners: readonly ListenerSettings[]): Promise<string | null> {
  const watch = new PortWatch(listeners, systemClock);
  assert.equal(watch.wrong, null);
  await watch.look();
  return watch.wrong;
}

test('a data plane answers on its port, and keeps no record of it', async (t) => {
  const node = await startTestNode();
  t.after(() => node.close());
  assert.equal(await wrongAt(listener('l', node.port)), '');
  assert.deepEqual(node.records, []);
});

test('one that wants a PROXY header gets one', async (t) => {
  const trust = ['127.0.0.0/8'];
  const node = await startTestNode({ listeners: [listener('l', 0, trust)] });
  t.after(() => node.close());
  assert.equal(await wrongAt(listener('l', node.port, trust)), '');
  assert.deepEqual(node.records, []);
});

for (const [what, answer, why] of [
  ['closes', '', 'closed without the answer'],
  ['is something else', 'HTTP/1.1 200 OK\r\n\r\nhello\n', 'closed without the answer'],
  ['says 503', 'HTTP/1.1 503 x\r\n\r\nlive\n', 'closed without the answer'],
  ['talks too much', 'x'.repeat(10_000), 'too long an answer'],
] as const) {
  test(`a port that ${what} is wrong`, async (t) => {
    const port = await serve(t, (socket) => socket.end(answer));
    assert.equal(await wrongAt(listener('0.0.0.0:443', port)), `0.0.0.0:443 does not answer on its port (${why})`);
  });
}

test('silence is wrong after two seconds, and is told from what is not there', { timeout: 20_000 }, async (t) => {
  const port = await serve(t, (socket) => socket.resume());
  const slow = new PortWatch([listener('l', port)], systemClock);
  await slow.look();
  assert.deepEqual([slow.wrong, slow.isOnlySlow], ['l does not answer on its port (no answer within 2 s)', true]);
  const both = new PortWatch([listener('l', port), listener('dead', 1)], systemClock);
  await both.look();
  assert.equal(both.isOnlySlow, false);
});

test('how long an answer takes is the shorter of the last two, of the slowest listener', { timeout: 20_000 }, async (t) => {
  let waitMs = 300;
  const answer = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nlive\n';
  const slow = await serve(t, (socket) => void setTimeout(() => socket.end(answer), waitMs));
  const fast = await serve(t, (socket) => void socket.end(answer));
  const watch = new PortWatch([listener('fast', fast), listener('slow', slow)], systemClock);
  assert.equal(watch.answerS, null);
  await watch.look();
  assert.equal(watch.answerS, null);
  await watch.look();
  assert.ok((watch.answerS ?? 0) >= 0.29, `${watch.answerS}`);
  for (const [what, ...waitsMs] of [
    ['one that is quick', 0],
    ['one pause is none', 0, 300],
  ] as const) {
    let tookS = 1;
    // An answer that is given at once may take as long on a busy machine, though not five times in a row.
    for (let turn = 0; turn < 5 && tookS >= 0.29; turn += 1) {
      for (waitMs of waitsMs) await watch.look();
      tookS = watch.answerS ?? 1;
    }
    assert.ok(tookS < 0.29, `${what}: ${tookS} s`);
  }
});

test('each listener is asked, and each that is wrong is named', async (t) => {
  const node = await startTestNode();
  t.after(() => node.close());
  const closed = await serve(t, (socket) => socket.end());
  const wrong = await wrongAt(listener('good', node.port), listener('one', closed), listener('two', 1));
  assert.equal(wrong, 'one does not answer on its port (closed without the answer), two does not answer on its port (ECONNREFUSED)');
});

test('what is wrong is forgotten when it is mended; while it asks it does not ask again', async (t) => {
  let asked = 0;
  let answer = '';
  const port = await serve(t, (socket) => {
    asked += 1;
    socket.end(answer);
  });
  const watch = new PortWatch([listener('l', port)], systemClock);
  await Promise.all([watch.look(), watch.look(), watch.look()]);
  assert.equal(asked, 1);
  assert.notEqual(watch.wrong, '');
  answer = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nlive\n';
  await watch.look();
  assert.deepEqual([asked, watch.wrong], [2, '']);
});
