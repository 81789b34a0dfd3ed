import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { CONNECT_TIMEOUT_MS, openTunnel } from './connect.ts';
import { AgentFailure } from './failure.ts';
import { openTcp } from './tcp.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { ESTABLISHED, type Relay, startRelay, startServer } from './testing/relay.ts';

const TARGET = { host: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com', port: 443 };
const REQUEST = { target: TARGET, authorization: null };

async function failureOf(relay: Relay, clock = systemClock): Promise<AgentFailure> {
  const socket = await openTcp({ host: '127.0.0.1', port: relay.port }, systemClock);
  const error = await openTunnel(socket, REQUEST, clock).then(
    () => assert.fail('the tunnel opened'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AgentFailure);
  assert.equal(error.facts.leg, 'proxy-answer');
  assert.ok(socket.destroyed, 'a failed tunnel leaves no socket behind');
  return error;
}

test('the request is one head with authority, Host and credentials, and the tunnel carries bytes both ways', async (t) => {
  const echo = await startServer((client) => client.pipe(client));
  const relay = await startRelay(() => ({ relayTo: echo.port }));
  t.after(() => Promise.all([relay.close(), echo.close()]));

  const socket = await openTcp({ host: '127.0.0.1', port: relay.port }, systemClock);
  const tunnel = await openTunnel(socket, { target: TARGET, authorization: 'Basic YTpi' }, systemClock);
  assert.deepEqual(relay.heads, [
    `CONNECT ${TARGET.host}:443 HTTP/1.1\r\nHost: ${TARGET.host}:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n`,
  ]);
  tunnel.write('ping');
  const [chunk] = (await once(tunnel, 'data')) as [Buffer];
  assert.equal(chunk.toString(), 'ping');
  tunnel.destroy();
});

test('bytes right behind the 200 belong to the tunnel, however the answer is cut', async (t) => {
  const answer = Buffer.from(`${ESTABLISHED}first`);
  const relay = await startServer((client) => {
    client.once('data', () => writeInPieces(client, answer));
  });
  t.after(() => relay.close());

  const socket = await openTcp({ host: '127.0.0.1', port: relay.port }, systemClock);
  const tunnel = await openTunnel(socket, REQUEST, systemClock);
  let seen = '';
  for await (const chunk of tunnel) {
    seen += String(chunk);
    if (seen.length >= 5) break;
  }
  assert.equal(seen, 'first');
});

/** One byte a turn of the loop: the reader sees many small chunks. */
function writeInPieces(client: Socket, bytes: Buffer): void {
  if (bytes.length === 0) return;
  client.write(bytes.subarray(0, 1), () => setImmediate(() => writeInPieces(client, bytes.subarray(1))));
}

test("a refusal carries the proxy's reason, request id, message and Retry-After", async (t) => {
  const body = JSON.stringify({ code: 'DRAINING', message: 'this node is being drained', request: 'ABCDEFGHIJKLMNOPQRST' });
  const head = `HTTP/1.1 503 DRAINING\r\nPinhole-Reason: DRAINING\r\nPinhole-Request: ABCDEFGHIJKLMNOPQRST\r\nRetry-After: 3\r\nContent-Length: ${body.length}\r\n\r\n`;
  const relay = await startRelay(() => ({ answer: head + body }));
  t.after(() => relay.close());

  const { facts } = await failureOf(relay);
  assert.deepEqual(
    [facts.code, facts.status, facts.request, facts.retryAfterMs, facts.fixer, facts.detail],
    ['DRAINING', 503, 'ABCDEFGHIJKLMNOPQRST', 3_000, 'operator', '503 DRAINING: this node is being drained'],
  );
});

for (const [name, answer, code, fixer, detail] of [
  [
    'a refusal without a body',
    'HTTP/1.1 403 TARGET_NOT_ALLOWED\r\nPinhole-Reason: TARGET_NOT_ALLOWED\r\n\r\n',
    'TARGET_NOT_ALLOWED',
    'operator',
    /^403 TARGET_NOT_ALLOWED$/,
  ],
  [
    'a demand for credentials',
    'HTTP/1.1 407 AUTH_REQUIRED\r\nPinhole-Reason: AUTH_REQUIRED\r\nContent-Length: 0\r\n\r\n',
    'AUTH_REQUIRED',
    'device',
    /^407/,
  ],
  ['a reason that is new to this agent', 'HTTP/1.1 500 NEW\r\nPinhole-Reason: NEW\r\n\r\n', 'NEW', 'operator', /^500/],
  ['a refusal of some other proxy', 'HTTP/1.1 403 Forbidden\r\nServer: squid\r\n\r\n', 'HTTP_403', 'site', /not Pinhole/],
  ['a success that is not 200', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP_204', 'site', /not Pinhole/],
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP_100', 'site', /not Pinhole/],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x16', 'ANSWER_MALFORMED', 'device', /it is TLS/],
  ['a banner', '220 mail.example.com ESMTP\r\n', 'ANSWER_MALFORMED', 'device', /not HTTP/],
  ['half an answer', 'HTTP/1.1 200 Conn', 'CLOSED', 'site', /after 17 bytes/],
  ['silence and a close', '', 'CLOSED', 'site', /after 0 bytes/],
] as const) {
  test(`${name} is ${code}, for the ${fixer} to mend`, async (t) => {
    const relay = await startRelay(() => ({ answer }));
    t.after(() => relay.close());
    const { facts } = await failureOf(relay);
    assert.deepEqual([facts.code, facts.fixer], [code, fixer]);
    assert.match(facts.detail, detail);
  });
}

test('a proxy that accepts and says nothing is given up after ten seconds', async (t) => {
  const clock = new FakeClock();
  const relay = await startRelay(() => {
    setImmediate(() => clock.advance(CONNECT_TIMEOUT_MS));
    return 'nothing';
  });
  t.after(() => relay.close());
  const { facts } = await failureOf(relay, clock);
  assert.deepEqual([facts.code, facts.fixer], ['TIMEOUT', 'operator']);
  assert.equal(clock.pending, 0);
});

test('a port where nothing listens is told from one that is filtered', async () => {
  const relay = await startServer(() => {});
  await relay.close();
  await assert.rejects(openTcp({ host: '127.0.0.1', port: relay.port }, systemClock), (error: AgentFailure) => {
    assert.deepEqual([error.facts.leg, error.facts.code, error.facts.fixer], ['proxy-tcp', 'ECONNREFUSED', 'operator']);
    return true;
  });
});
