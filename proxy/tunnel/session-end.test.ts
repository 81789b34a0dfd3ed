// What must hold however a session ends: one record, its place given back, both sockets closed.

import assert from 'node:assert/strict';
import type net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { makeHello } from '../test/support/hello.ts';
import { readAll, startTestNode, type Recorded, type TestClient, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { DATA, DATA_HOST, OTHER_HOST, testSettings } from '../test/support/settings.ts';
import { echo, startUpstream, type Upstream } from '../test/support/upstream.ts';

let upstream: Upstream;
let serveUpstream: (socket: net.Socket) => void = echo;
before(async () => {
  upstream = await startUpstream((socket) => serveUpstream(socket));
});
after(() => upstream.close());

const CONNECT = `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`;
const pins = () => [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }];

function recordOf(node: TestNode, client: TestClient, event: 'decision' | 'close'): Promise<Recorded> {
  return node.recorded((recorded) => recorded.event === event && recorded.record.client_port === client.ownPort);
}

async function closeCleanly(node: TestNode, bugs = 0): Promise<void> {
  while (node.counts.open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await node.close();
  assert.equal(node.bugs.length, bugs);
  assert.deepEqual({ open: node.counts.open, pending: node.counts.pending }, { open: 0, pending: 0 });
}

for (const relay of ENGINES) {
  describe(`on the ${relay} engine`, () => {
    test('a bug behind the allow ends the session as a fault, gives its place back and closes both sides', async () => {
      const node = await startTestNode({ relay, resolve: { servers: [], family: 'ipv4', pins: pins() } });
      Object.assign(node.plane.engine, {
        start: () => {
          throw new Error('a bug of ours');
        },
      });
      const client = await node.connect();
      client.write(Buffer.concat([Buffer.from(CONNECT), makeHello({ sni: DATA_HOST })]));
      await readAll(client);
      const { record, end } = await recordOf(node, client, 'close');
      assert.deepEqual([record.reason, end?.endedBy], ['OK', 'fault']);
      await closeCleanly(node, 1);
    });

    test('a drain tells a client whose target is still being resolved that the node drains', async () => {
      const never = { resolve4: () => new Promise<never>(() => {}), resolve6: () => new Promise<never>(() => {}) };
      const node = await startTestNode({ relay }, never);
      const client = await node.connect();
      client.write(CONNECT);
      while (node.counts.open === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(node.plane.sessions.closeSome(10, 'drain'), 1);
      assert.match(await readAll(client), /^HTTP\/1\.1 503 DRAINING\r\n[^]*Retry-After: [1-5]\r\n/);
      const { record } = await recordOf(node, client, 'decision');
      assert.equal(record.reason, 'DRAINING');
      await closeCleanly(node);
    });

    test('a client that leaves while its target is being resolved gives its place back at once', async () => {
      const never = { resolve4: () => new Promise<never>(() => {}), resolve6: () => new Promise<never>(() => {}) };
      const node = await startTestNode({ relay }, never);
      const client = await node.connect();
      client.write(CONNECT);
      while (node.counts.open === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      client.destroy();
      assert.equal((await recordOf(node, client, 'decision')).record.reason, 'CLIENT_GONE');
      await closeCleanly(node);
    });

    test('with as many pending connections as the node may have, health is answered and a request is NODE_FULL', async () => {
      const { limits } = testSettings();
      const node = await startTestNode({ relay, limits: { ...limits, pending: 2 } });
      const idle = [await node.connect(), await node.connect()];
      while (node.counts.pending < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      const checker = await node.connect();
      checker.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await readAll(checker), /^HTTP\/1\.1 200 /);
      const client = await node.connect();
      client.write(CONNECT);
      assert.match(await readAll(client), /^HTTP\/1\.1 503 NODE_FULL\r\n/);
      for (const socket of idle) socket.destroy();
      while (node.counts.pending > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await closeCleanly(node);
    });

    test('who is sent away in the middle of its head can read why, and is not cut off while it still writes', async () => {
      const node = await startTestNode({ relay });
      const client = await node.connect();
      client.write('CONNECT ');
      while (node.counts.pending < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 50));
      let error: Error | null = null;
      client.on('error', (given) => (error = given));
      // From now on: an end that has passed is not told again.
      const answer = readAll(client);
      assert.equal(node.plane.sessions.sendPendingAway(), 1);
      for (let times = 0; times < 3; times += 1) {
        client.write('more of it');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.match(await answer, /^HTTP\/1\.1 503 DRAINING\r\n/);
      assert.equal(error, null);
      client.end();
      await closeCleanly(node);
    });

    test('a place that is free again is had by a connection whose PROXY header came meanwhile', async () => {
      const { limits } = testSettings();
      const node = await startTestNode({
        relay,
        limits: { ...limits, pending: 1 },
        listeners: [{ name: 'nlb', host: '127.0.0.1', port: 0, doors: ['connect'], backlog: 16, proxyProtocolTrust: ['127.0.0.0/8'] }],
      });
      const first = await node.connect();
      while (node.counts.pending < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      const second = await node.connect();
      await new Promise((resolve) => setTimeout(resolve, 50));
      first.destroy();
      while (node.counts.pending > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      second.write(`PROXY TCP4 203.0.113.77 203.0.113.1 4711 443\r\nCONNECT ${OTHER_HOST}:443 HTTP/1.1\r\nHost: ${OTHER_HOST}\r\n\r\n`);
      assert.match(await readAll(second), /^HTTP\/1\.1 403 TARGET_NOT_ALLOWED\r\n/);
      await closeCleanly(node);
    });

    test('what report mode would have refused is recorded also where another check refuses', async () => {
      const { policy } = testSettings();
      const node = await startTestNode({
        relay,
        hosts: [DATA],
        policy: { ...policy, alpn: 'report' },
        resolve: { servers: [], family: 'ipv4', pins: pins() },
      });
      const client = await node.connect();
      client.write(Buffer.concat([Buffer.from(CONNECT), makeHello({ sni: OTHER_HOST, alpn: ['smtp'] })]));
      await readAll(client);
      const { record } = await recordOf(node, client, 'decision');
      assert.deepEqual([record.reason, record.would_deny], ['SNI_MISMATCH', ['ALPN_NOT_ALLOWED']]);
      await closeCleanly(node);
    });

    for (const [what, bytes, code, status] of [
      ['the beginning of a TLS record', Buffer.of(0x16), 'HELLO_TIMEOUT', null],
      ['the beginning of a PROXY header', Buffer.from('PROX'), 'HEAD_TIMEOUT', 408],
    ] as const) {
      test(`${what} and then nothing is ${code}`, async () => {
        const { timeouts } = testSettings();
        const node = await startTestNode({ relay, timeouts: { ...timeouts, headMs: 2_000, helloMs: 2_000 } });
        const client = await node.connect();
        client.write(bytes);
        await readAll(client);
        const { record } = await recordOf(node, client, 'decision');
        assert.deepEqual([record.reason, record.status], [code, status]);
        await closeCleanly(node);
      });
    }

    test('what an upstream said before it finished and then reset still reaches a client that reads slowly', async () => {
      const size = 4 * 1024 * 1024;
      const hello = makeHello({ sni: DATA_HOST });
      serveUpstream = (socket) => {
        socket.on('error', () => {});
        socket.once('data', (chunk) => {
          socket.write(chunk);
          // A FIN behind the last byte; what the client still says is then answered with a reset by the kernel.
          socket.end(Buffer.alloc(size, 1), () => setTimeout(() => socket.destroy(), 50));
        });
      };
      const node = await startTestNode({ relay, resolve: { servers: [], family: 'ipv4', pins: pins() } });
      const client = await node.connect();
      client.write(Buffer.concat([Buffer.from(CONNECT), hello]));
      await readAll(client, (text) => text.length > hello.length);
      client.pause();
      await new Promise((resolve) => setTimeout(resolve, 300));
      client.write('still here');
      await new Promise((resolve) => setTimeout(resolve, 300));
      let got = 0;
      client.on('data', (chunk: Buffer) => (got += chunk.length));
      client.resume();
      await new Promise((resolve) => client.once('end', resolve).once('close', resolve));
      assert.ok(got > size / 2, `${got} of ${size}`);
      client.destroy();
      serveUpstream = echo;
      await closeCleanly(node);
    });
  });
}
