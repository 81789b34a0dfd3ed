import assert from 'node:assert/strict';
import { once } from 'node:events';
import type net from 'node:net';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import https from 'node:https';
import { makeCertificate } from '../test/support/certificate.ts';
import { readAll, startTestNode, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { DATA_HOST } from '../test/support/settings.ts';
import { startTlsUpstream, type Upstream } from '../test/support/upstream.ts';

const ours = makeCertificate(['gw.proxy.test']);
const theirs = makeCertificate([DATA_HOST]);
const wrong = makeCertificate(['elsewhere.test']);

for (const relay of ENGINES) {
  describe(`on the ${relay} engine`, () => {
    /** What a raw upstream got and gives. */
    let upstream: Upstream;
    let seen = '';
    let answer: (socket: net.Socket, head: string) => void = () => {};

    before(async () => {
      upstream = await startTlsUpstream(theirs, (socket) => {
        let head = '';
        socket.on('error', () => {});
        socket.on('data', function onData(chunk: Buffer) {
          head += chunk.toString('latin1');
          if (!head.includes('\r\n\r\n')) return;
          socket.off('data', onData);
          seen = head;
          answer(socket, head);
        });
      });
    });
    after(() => upstream.close());

    async function gatewayNode(port: number, options: { caPem?: string; upgradeMs?: number } = {}): Promise<TestNode> {
      return startTestNode({
        relay,
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['gw.proxy.test'], minVersion: 'TLSv1.2', clients: null },
        gateways: [
          {
            name: 'gw.proxy.test',
            endpoint: 'production',
            target: { host: DATA_HOST, port: 443 },
            origins: [],
            caPem: options.caPem ?? theirs.certPem,
          },
        ],
        resolve: { servers: [], family: 'ipv4', pins: [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port }] }] },
        timeouts: {
          headMs: 10_000,
          helloMs: 10_000,
          handshakeMs: 10_000,
          answerMs: 10_000,
          upgradeMs: options.upgradeMs ?? 10_000,
          halfClosedMs: 1_500,
          proxyHeaderMs: 700,
        },
      });
    }

    async function dialGateway(node: TestNode): Promise<tls.TLSSocket> {
      const socket = tls.connect({ host: '127.0.0.1', port: node.port, servername: 'gw.proxy.test', ca: ours.certPem });
      socket.on('error', () => {});
      await once(socket, 'secureConnect');
      return socket;
    }

    function upgrade(path: string, extra = ''): string {
      return (
        `GET ${path} HTTP/1.1\r\nHost: gw.proxy.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n${extra}\r\n`
      );
    }

    /** Ends well: nothing open, nothing pending, no bug. */
    async function closeCleanly(node: TestNode): Promise<void> {
      while (node.counts.open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await node.close();
      assert.deepEqual(node.bugs, []);
      assert.deepEqual({ open: node.counts.open, pending: node.counts.pending }, { open: 0, pending: 0 });
    }

    test('a WebSocket of a client nobody here wrote goes through, and its bytes are counted', async () => {
      const server = https.createServer({ cert: theirs.certPem, key: theirs.keyPem });
      const sockets = new WebSocketServer({ server, handleProtocols: () => 'mqtt' });
      sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const node = await gatewayNode((server.address() as net.AddressInfo).port);

      const client = new WebSocket(`wss://gw.proxy.test:${node.port}/mqtt?a=b`, 'mqtt', {
        ca: ours.certPem,
        lookup: (_host, options, done) =>
          typeof options === 'object' && options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
      });
      await once(client, 'open');
      assert.equal(client.protocol, 'mqtt');
      client.send(Buffer.alloc(100_000, 1));
      const [echoed] = (await once(client, 'message')) as [Buffer];
      assert.equal(echoed.length, 100_000);
      client.close();
      const { record, end } = await node.recorded(({ event }) => event === 'close');
      assert.equal(record.door, 'gateway');
      assert.equal(record.status, 101);
      assert.equal(end?.upstreamStatus, 101);
      assert.ok((end?.bytesUp ?? 0) >= 100_000 && (end?.bytesDown ?? 0) >= 100_000);
      await closeCleanly(node);
      sockets.close();
      server.closeAllConnections();
      server.close();
    });

    test('the query arrives byte for byte, Host is the data endpoint, and proxy and forwarding fields do not arrive', async () => {
      const node = await gatewayNode(upstream.port);
      const path = '/mqtt?X-Amz-Credential=A%2Fb&&x=%7e\'"//..;&X-Amz-Security-Token=SECRET+/==&';
      answer = (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nx-amzn-ErrorType: ForbiddenException\r\n\r\nno');
      const client = await dialGateway(node);
      client.write(
        upgrade(
          path,
          'Proxy-Authorization: Basic U0VDUkVU\r\nProxy-Connection: keep-alive\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nVia: 1.1 x\r\nX-Amz-Date: 20260101T000000Z\r\n',
        ),
      );
      const text = await readAll(client);
      assert.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/);
      assert.match(text, /\r\npinhole-answer: upstream\r\n/i);
      assert.match(text, /\r\nx-amzn-errortype: ForbiddenException\r\n/i);
      assert.match(text, /\r\n\r\nno$/);
      assert.ok(seen.startsWith(`GET ${path} HTTP/1.1\r\n`), seen);
      assert.match(seen, new RegExp(`\r\nhost: ${DATA_HOST}\r\n`, 'i'));
      assert.match(seen, /\r\nx-amz-date: 20260101T000000Z\r\n/i);
      assert.doesNotMatch(seen, /proxy-|forwarded|via|U0VDUkVU|1\.2\.3\.4/i);
      const { record, end } = await node.recorded(({ event }) => event === 'close');
      assert.deepEqual([record.reason, record.status, end?.upstreamStatus, end?.endedBy], ['OK', 403, 403, 'upstream']);
      assert.doesNotMatch(JSON.stringify(node.records), /SECRET/);
      await closeCleanly(node);
    });

    test('bytes that come before the 101 are held, and arrive behind it', async () => {
      const node = await gatewayNode(upstream.port);
      let late = '';
      answer = (socket, head) => {
        assert.ok(head.endsWith('\r\n\r\n'), 'nothing may follow the head before the 101');
        socket.on('data', (chunk: Buffer) => {
          late += chunk.toString('latin1');
          socket.end('bye');
        });
        setTimeout(() => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'), 50);
      };
      const client = await dialGateway(node);
      client.write(`${upgrade('/mqtt')}EARLY`);
      const text = await readAll(client);
      assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*bye$/);
      assert.equal(late, 'EARLY');
      await closeCleanly(node);
    });

    for (const [what, speak, code, status, limits] of [
      ['closes without an answer', (socket: net.Socket) => socket.destroy(), 'UPSTREAM_CLOSED', 502, {}],
      ['answers garbage', (socket: net.Socket) => socket.end('\x00\x01garbage\r\n\r\n'), 'UPSTREAM_CLOSED', 502, {}],
      ['never answers', () => {}, 'UPGRADE_TIMEOUT', 504, { upgradeMs: 800 }],
      [
        'sends an endless head',
        (socket: net.Socket) => void socket.write(`HTTP/1.1 101 X\r\nX: ${'a'.repeat(100_000)}`),
        'UPSTREAM_CLOSED',
        502,
        {},
      ],
    ] as const) {
      test(`an upstream that ${what} is ${status} ${code}`, async () => {
        const node = await gatewayNode(upstream.port, limits);
        answer = speak;
        const client = await dialGateway(node);
        client.write(upgrade('/mqtt'));
        assert.match(await readAll(client), new RegExp(`^HTTP/1\\.1 ${status} ${code}\r\n`));
        await closeCleanly(node);
      });
    }

    test('an upstream whose certificate is not the endpoint’s is 502 UPSTREAM_TLS_FAILED, and gets no byte of the request', async () => {
      const impostor = await startTlsUpstream(wrong, () => assert.fail('no request may arrive'));
      const node = await gatewayNode(impostor.port, { caPem: wrong.certPem });
      const client = await dialGateway(node);
      client.write(upgrade('/mqtt?X-Amz-Signature=SECRET'));
      assert.match(await readAll(client), /^HTTP\/1\.1 502 UPSTREAM_TLS_FAILED\r\n/);
      await closeCleanly(node);
      await impostor.close();
    });

    test('a client that leaves while the upstream thinks frees both sides', async () => {
      const node = await gatewayNode(upstream.port);
      const arrived = new Promise<net.Socket>((resolve) => {
        answer = resolve;
      });
      const client = await dialGateway(node);
      client.write(upgrade('/mqtt'));
      const far = await arrived;
      const closed = new Promise((resolve) => far.once('close', resolve));
      client.destroy();
      await closed;
      const { record } = await node.recorded(({ event }) => event === 'decision');
      assert.equal(record.reason, 'CLIENT_GONE');
      await closeCleanly(node);
    });

    for (const [what, head, line] of [
      ['another path', upgrade('/other'), /^HTTP\/1\.1 404 NOT_FOUND\r\n/],
      ['a foreign Origin', upgrade('/mqtt', 'Origin: https://evil.test\r\n'), /^HTTP\/1\.1 403 ORIGIN_NOT_ALLOWED\r\n/],
      ['no upgrade', 'GET /mqtt HTTP/1.1\r\nHost: gw.proxy.test\r\n\r\n', /^HTTP\/1\.1 426 UPGRADE_INVALID\r\n/],
      ['a body', upgrade('/mqtt', 'Content-Length: 5\r\n'), /^HTTP\/1\.1 400 /],
    ] as const) {
      test(`${what} is refused before anything is dialled`, async () => {
        const node = await gatewayNode(upstream.port);
        const dialled = upstream.connections.length;
        const client = await dialGateway(node);
        client.write(head);
        assert.match(await readAll(client), line);
        assert.equal(upstream.connections.length, dialled);
        await closeCleanly(node);
      });
    }

    const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

    test('a drain closes a WebSocket of a client nobody here wrote with 1001, and AWS’s side with a FIN', async () => {
      const server = https.createServer({ cert: theirs.certPem, key: theirs.keyPem });
      const sockets = new WebSocketServer({ server, handleProtocols: () => 'mqtt' });
      const closedUpstream = new Promise<number>((resolve) => sockets.on('connection', (socket) => socket.on('close', resolve)));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const node = await gatewayNode((server.address() as net.AddressInfo).port);
      const client = new WebSocket(`wss://gw.proxy.test:${node.port}/mqtt`, 'mqtt', {
        ca: ours.certPem,
        lookup: (_host, options, done) =>
          typeof options === 'object' && options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
      });
      await once(client, 'open');
      const closed = once(client, 'close') as Promise<[number, Buffer]>;
      assert.equal(node.plane.sessions.closeSome(1, 'drain'), 1);
      const [code, reason] = await closed;
      assert.deepEqual([code, String(reason)], [1001, 'DRAINING']);
      // No close frame came: 1006 is what a WebSocket calls that.
      assert.equal(await closedUpstream, 1006);
      const { end } = await node.recorded(({ event }) => event === 'close');
      assert.equal(end?.endedBy, 'drain');
      await closeCleanly(node);
      server.close();
    });

    for (const [what, sent, heard] of [
      ['that comes in one piece with the 101 is followed', [Buffer.from([0x82, 3, 1, 2, 3])], true],
      ['of which the payload has not come yet is not broken into', [Buffer.from([0x82, 3, 1, 2])], false],
      ['of which half a head has come is not broken into', [Buffer.from([0x82, 126, 0])], false],
      ['in two pieces is followed', [Buffer.from([0x82, 3, 1]), Buffer.from([2, 3])], true],
      ['that closes is the last', [Buffer.from([0x88, 2, 3, 0xe8])], false],
    ] as const) {
      test(`a drain: a frame ${what}`, async () => {
        const node = await gatewayNode(upstream.port);
        answer = (socket) => {
          socket.write(Buffer.concat([Buffer.from(SWITCHING), sent[0]]));
          for (const [index, piece] of sent.slice(1).entries()) setTimeout(() => socket.write(piece), 50 * (index + 1));
        };
        const client = await dialGateway(node);
        client.write(upgrade('/mqtt'));
        const frames = Buffer.concat([...sent]).toString('latin1');
        const whole = await readAll(client, (text) => text.endsWith(`\r\n\r\n${frames}`));
        assert.match(whole, /^HTTP\/1\.1 101 /);
        node.plane.sessions.closeSome(1, 'drain');
        const rest = await readAll(client);
        assert.equal(rest, heard ? '\x88\x0a\x03\xe9DRAINING' : '');
        client.end();
        await closeCleanly(node);
      });
    }

    test('a drain does not wait for a client that stays', async () => {
      const node = await gatewayNode(upstream.port);
      answer = (socket) => socket.write(SWITCHING);
      const client = await dialGateway(node);
      client.allowHalfOpen = true;
      client.write(upgrade('/mqtt'));
      await readAll(client, (text) => text.includes('\r\n\r\n'));
      node.plane.sessions.closeSome(1, 'drain');
      const talk = setInterval(() => client.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0])), 20);
      const started = performance.now();
      assert.equal((await node.recorded(({ event }) => event === 'close')).end?.endedBy, 'drain');
      clearInterval(talk);
      assert.ok(performance.now() - started < 10_000);
      client.destroy();
      await closeCleanly(node);
    });

    test('a hundred clients that reset after the upgrade leave nothing behind', async () => {
      const node = await gatewayNode(upstream.port);
      answer = (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      const first = upstream.connections.length;
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const client = await dialGateway(node);
          client.write(upgrade('/mqtt'));
          await readAll(client, (text) => text.includes('\r\n\r\n'));
          client.destroy();
        }),
      );
      for (const far of upstream.connections.slice(first)) if (!far.closed) await new Promise((resolve) => far.once('close', resolve));
      await closeCleanly(node);
    });
  });
}
