import assert from 'node:assert/strict';
import type net from 'node:net';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Settings } from '../core/settings.ts';
import { makeHello, makeHelloRetryRequest, UNRECOGNIZED_NAME } from '../test/support/hello.ts';
import { readAll, startTestNode, type Recorded, type TestClient, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { DATA_HOST, OTHER_HOST, testSettings } from '../test/support/settings.ts';
import { echo, startUpstream, type Upstream } from '../test/support/upstream.ts';

const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';
const HELLO = makeHello({ sni: DATA_HOST, alpn: ['x-amzn-mqtt-ca'] });

for (const relay of ENGINES) {
  describe(`on the ${relay} engine`, () => {
    let upstream: Upstream;
    let node: TestNode;
    let serveUpstream: (socket: net.Socket) => void = echo;

    before(async () => {
      upstream = await startUpstream((socket) => serveUpstream(socket));
      node = await nodeBefore(upstream);
    });

    after(() => closeBoth(node, upstream));

    function nodeBefore({ port }: Upstream, timeouts: Partial<Settings['timeouts']> = {}): Promise<TestNode> {
      const pins = [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port }] }];
      return startTestNode({
        relay,
        resolve: { servers: [], family: 'ipv4', pins },
        timeouts: { ...testSettings().timeouts, ...timeouts },
      });
    }

    async function closeBoth(of: TestNode, far: Upstream): Promise<void> {
      await of.close();
      await far.close();
      assert.deepEqual(of.bugs, []);
      assert.deepEqual({ open: of.counts.open, pending: of.counts.pending }, { open: 0, pending: 0 });
    }

    /** One whose limits strike soon, before an upstream of its own: what waits for that keeps nobody else waiting. */
    async function hastyNode(t: TestContext, serve: (socket: net.Socket) => void = echo): Promise<TestNode> {
      const far = await startUpstream(serve);
      const hasty = await nodeBefore(far, { headMs: 2_000, helloMs: 2_000, handshakeMs: 2_000, halfClosedMs: 2_000 });
      t.after(() => closeBoth(hasty, far));
      return hasty;
    }

    function connectTo(target: string): string {
      return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
    }

    /** The one record of the session that came from this socket. */
    function recordOf(client: TestClient, event: 'decision' | 'close' = 'decision', of = node): Promise<Recorded> {
      return of.recorded((recorded) => recorded.event === event && recorded.record.client_port === client.ownPort);
    }

    async function openTunnel(of = node): Promise<TestClient> {
      const client = await of.connect();
      client.write(connectTo(`${DATA_HOST}:443`));
      assert.equal(await readAll(client, (text) => text.endsWith('\r\n\r\n')), OK);
      client.write(HELLO);
      const echoed = await readAll(client, (text) => text.length >= HELLO.length);
      assert.equal(echoed, HELLO.toString('latin1'));
      return client;
    }

    test('a tunnel carries bytes both ways and is recorded at its decision and its end', async () => {
      const client = await openTunnel();
      client.end('over and out');
      assert.equal(await readAll(client), 'over and out');
      const { record } = await recordOf(client);
      assert.equal(record.reason, 'OK');
      assert.equal(record.sni, DATA_HOST);
      assert.equal(record.alpn, 'x-amzn-mqtt-ca');
      assert.equal(record.upstream_port, upstream.port);
      const { end } = await recordOf(client, 'close');
      assert.equal(end?.bytesUp, HELLO.length + 12);
      assert.equal(end?.bytesDown, HELLO.length + 12);
      assert.equal(end?.endedBy, 'client');
      assert.equal(end?.phaseAtEnd, 'relaying');
    });

    test('a hello in the same segment as the head is part of the tunnel', async () => {
      const client = await node.connect();
      client.write(Buffer.concat([Buffer.from(connectTo(`${DATA_HOST}:443`)), HELLO]));
      const text = await readAll(client, (seen) => seen.length >= OK.length + HELLO.length);
      assert.equal(text, OK + HELLO.toString('latin1'));
      client.destroy();
    });

    test('the head and the hello may come one byte at a time', async () => {
      const client = await node.connect();
      client.setNoDelay(true);
      for (const byte of Buffer.from(connectTo(`${DATA_HOST}:443`))) {
        client.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      assert.equal(await readAll(client, (text) => text.endsWith('\r\n\r\n')), OK);
      for (const byte of HELLO) {
        client.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      assert.equal((await readAll(client, (text) => text.length >= HELLO.length)).length, HELLO.length);
      client.destroy();
    });

    for (const [what, target, status, code] of [
      ['an unlisted name', `${OTHER_HOST}:443`, 403, 'TARGET_NOT_ALLOWED'],
      ['an unlisted port', `${DATA_HOST}:22`, 403, 'PORT_NOT_ALLOWED'],
      ['an address', '169.254.169.254:443', 403, 'TARGET_NOT_ALLOWED'],
      ['a target without a port', DATA_HOST, 400, 'TARGET_MALFORMED'],
    ] as const) {
      test(`${what} is refused with ${code} and nothing is dialled`, async () => {
        const dialled = upstream.connections.length;
        const client = await node.connect();
        client.write(connectTo(target));
        const text = await readAll(client);
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} ${code}\r\n`));
        assert.match(text, new RegExp(`\r\nPinhole-Reason: ${code}\r\n`));
        const { record } = await recordOf(client);
        assert.equal(record.reason, code);
        assert.equal(record.status, status);
        assert.match(text, new RegExp(`\r\nPinhole-Request: ${record.id}\r\n`));
        assert.match(record.id, /^[A-Z2-7]{20}$/);
        assert.equal(upstream.connections.length, dialled);
      });
    }

    for (const [what, hello, code] of [
      ["another account's name", makeHello({ sni: OTHER_HOST }), 'SNI_MISMATCH'],
      ['no name', makeHello({}), 'SNI_MISSING'],
      ['a protocol that AWS IoT does not serve', makeHello({ sni: DATA_HOST, alpn: ['x-amzn-mqtt-ca', 'smtp'] }), 'ALPN_NOT_ALLOWED'],
      ['no TLS', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'HELLO_MALFORMED'],
    ] as const) {
      test(`a tunnel that begins with ${what} ends with an alert and ${code}, and no byte of it leaves`, async () => {
        const dialled = upstream.connections.length;
        const client = await node.connect();
        client.write(Buffer.concat([Buffer.from(connectTo(`${DATA_HOST}:443`)), hello]));
        assert.equal(await readAll(client), OK + UNRECOGNIZED_NAME.toString('latin1'));
        const { record } = await recordOf(client);
        assert.equal(record.reason, code);
        // The upstream may accept later than the client hears of the refusal.
        while (upstream.connections.length === dialled) await new Promise((resolve) => setTimeout(resolve, 5));
        const far = upstream.connections.at(-1);
        if (!far?.closed) await new Promise((resolve) => far?.once('close', resolve));
        assert.equal(far?.bytesRead, 0);
      });
    }

    describe('where a limit strikes', { concurrency: true }, () => {
      test('a tunnel in which nothing is said ends at the deadline with HELLO_TIMEOUT', async (t) => {
        const hasty = await hastyNode(t);
        const client = await hasty.connect();
        client.write(connectTo(`${DATA_HOST}:443`));
        assert.equal(await readAll(client), OK + UNRECOGNIZED_NAME.toString('latin1'));
        assert.equal((await recordOf(client, 'decision', hasty)).record.reason, 'HELLO_TIMEOUT');
      });

      test('half a head is answered 408 at the deadline', async (t) => {
        const hasty = await hastyNode(t);
        const client = await hasty.connect();
        client.write('CONNECT ');
        assert.match(await readAll(client), /^HTTP\/1\.1 408 HEAD_TIMEOUT\r\n/);
        assert.equal((await recordOf(client, 'decision', hasty)).record.reason, 'HEAD_TIMEOUT');
      });

      test('a connection that never says anything is closed at the deadline and leaves no record', async (t) => {
        const hasty = await hastyNode(t);
        const client = await hasty.connect();
        assert.equal(await readAll(client), '');
        assert.deepEqual(hasty.records, []);
      });

      test('an upstream that says nothing after the hello is a clean close, allowed and ended by upstream', async (t) => {
        const hasty = await hastyNode(t, () => {});
        const client = await hasty.connect();
        client.write(Buffer.concat([Buffer.from(connectTo(`${DATA_HOST}:443`)), HELLO]));
        assert.equal(await readAll(client), OK);
        const { record, end } = await recordOf(client, 'close', hasty);
        assert.equal(record.reason, 'OK');
        assert.equal(end?.endedBy, 'upstream');
        assert.equal(end?.phaseAtEnd, 'peeking');
      });

      test('a tunnel with one FIN and no byte since ends after the half-closed time', async (t) => {
        const hasty = await hastyNode(t, (socket) => socket.on('data', (chunk) => socket.write(chunk)));
        const client = await openTunnel(hasty);
        client.end();
        const { end } = await recordOf(client, 'close', hasty);
        assert.equal(end?.endedBy, 'client');
      });
    });

    test('a client that leaves in the middle of its head is CLIENT_GONE', async () => {
      const client = await node.connect();
      client.write('CONNECT ');
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.resetAndDestroy();
      const { record } = await node.recorded(({ record: seen }) => seen.reason === 'CLIENT_GONE');
      assert.equal(record.status, null);
    });

    test('a HelloRetryRequest reaches the client whole, wherever a segment ends', async () => {
      const retry = Buffer.concat([makeHelloRetryRequest(), Buffer.from('140303000101', 'hex')]);
      for (const cut of [1, 6, 42, 43, 44, 60, retry.length - 6, retry.length - 1]) {
        let times = 0;
        serveUpstream = (socket) => {
          socket.on('data', () => {
            times += 1;
            if (times > 1) return void socket.end('done');
            socket.write(retry.subarray(0, cut));
            setTimeout(() => socket.write(retry.subarray(cut)), 30);
          });
        };
        const client = await node.connect();
        client.write(connectTo(`${DATA_HOST}:443`));
        assert.equal(await readAll(client, (text) => text.endsWith('\r\n\r\n')), OK);
        client.write(makeHello({ sni: DATA_HOST }));
        const got = await readAll(client, (text) => text.length >= retry.length);
        assert.equal(got, retry.toString('latin1'), `cut at ${cut}`);
        client.write(makeHello({ sni: DATA_HOST }));
        assert.equal(await readAll(client), 'done');
        client.destroy();
      }
      serveUpstream = echo;
    });

    test('the second hello after a HelloRetryRequest is judged, whatever stands before it', async () => {
      for (const [second, code] of [
        [makeHello({ sni: OTHER_HOST }), 'SNI_MISMATCH'],
        [makeHello({ sni: DATA_HOST }), 'OK'],
      ] as const) {
        serveUpstream = (socket) => {
          socket.once('data', () => {
            socket.write(makeHelloRetryRequest());
            socket.pipe(socket);
          });
        };
        const client = await node.connect();
        client.write(Buffer.concat([Buffer.from(connectTo(`${DATA_HOST}:443`)), makeHello({ sni: DATA_HOST })]));
        const retry = makeHelloRetryRequest().toString('latin1');
        await readAll(client, (text) => text.includes(retry));
        const changeCipherSpec = Buffer.from('140303000101', 'hex');
        client.write(Buffer.concat([changeCipherSpec, second]));
        const rest = await readAll(client, (text) => text.length >= second.length);
        const { record } = await recordOf(client);
        assert.equal(record.reason, code);
        if (code === 'OK') assert.equal(rest, Buffer.concat([changeCipherSpec, second]).toString('latin1'));
        else assert.equal(rest, UNRECOGNIZED_NAME.toString('latin1'));
        client.destroy();
        serveUpstream = echo;
      }
    });

    test('an upstream that asks for a second hello and is lost ends the tunnel at once, and takes nobody with it', async () => {
      const retry = makeHelloRetryRequest();
      serveUpstream = (socket) => {
        socket.once('data', () => {
          socket.write(retry);
          setTimeout(() => socket.resetAndDestroy(), 50);
        });
      };
      const client = await node.connect();
      client.write(Buffer.concat([Buffer.from(connectTo(`${DATA_HOST}:443`)), HELLO]));
      assert.equal(await readAll(client), OK + retry.toString('latin1'));
      const { record, end } = await recordOf(client, 'close');
      assert.deepEqual([record.reason, end?.endedBy, end?.phaseAtEnd], ['OK', 'upstream', 'peeking']);
      assert.deepEqual([end?.bytesUp, end?.bytesDown], [HELLO.length, retry.length]);
      serveUpstream = echo;
      // Who comes next may stand where the lost one stood.
      const other = await openTunnel();
      client.write(HELLO);
      other.end('mine');
      assert.equal(await readAll(other), 'mine');
    });

    test('the limits and a drain are told as they are, with a time to come back', async () => {
      for (const [limit, draining, code] of [
        ['NODE_FULL', false, 'NODE_FULL'],
        ['NODE_RATE_LIMITED', false, 'NODE_RATE_LIMITED'],
        [null, true, 'DRAINING'],
      ] as const) {
        node.limit = limit;
        node.isDraining = draining;
        const client = await node.connect();
        client.write(connectTo(`${DATA_HOST}:443`));
        const text = await readAll(client);
        node.limit = null;
        node.isDraining = false;
        assert.match(text, new RegExp(`^HTTP/1\\.1 503 ${code}\r\n`));
        const seconds = Number(/\r\nRetry-After: (\d+)\r\n/.exec(text)?.[1]);
        const [min, max] = code === 'DRAINING' ? [1, 5] : [5, 30];
        assert.ok(seconds >= min && seconds <= max, `${code}: ${seconds}`);
      }
    });

    test('a node that is overloaded refuses new tunnels before it takes a place or dials, and nobody else', async () => {
      const held = await openTunnel();
      const before = upstream.connections.length;
      const places = node.counts.open;
      for (const code of ['NODE_FULL', 'NODE_RATE_LIMITED'] as const) {
        node.shed = code;
        const client = await node.connect();
        client.write(connectTo(`${DATA_HOST}:443`));
        const text = await readAll(client);
        assert.match(text, new RegExp(`^HTTP/1\\.1 503 ${code}\r\n`));
        const seconds = Number(/\r\nRetry-After: (\d+)\r\n/.exec(text)?.[1]);
        assert.ok(seconds >= 5 && seconds <= 30, `${seconds}`);
        assert.equal((await recordOf(client)).record.reason, code);
      }
      assert.deepEqual([upstream.connections.length, node.counts.open], [before, places]);

      const checker = await node.connect();
      checker.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await readAll(checker), /^HTTP\/1\.1 200 [^]*ready\n$/);
      // A stranger still learns nothing about the list, and who asks wrongly is told so.
      const stranger = await node.connect();
      stranger.write(connectTo(`${OTHER_HOST}:443`));
      assert.match(await readAll(stranger), /^HTTP\/1\.1 403 TARGET_NOT_ALLOWED/);
      held.write('still here');
      assert.match(await readAll(held, (text) => text.includes('still here')), /still here/);
      node.shed = null;
      held.destroy();
      await recordOf(held, 'close');
    });

    test('an upstream without a local port left is not dialled, and the system’s own word for it is kept', async () => {
      const before = upstream.connections.length;
      node.fullPorts.add(upstream.port);
      const client = await node.connect();
      client.write(connectTo(`${DATA_HOST}:443`));
      assert.match(await readAll(client), /^HTTP\/1\.1 503 PORTS_EXHAUSTED\r\n/);
      node.fullPorts.clear();
      assert.equal(upstream.connections.length, before);
      assert.equal((await recordOf(client)).record.upstream_ip, null);
    });

    test('what follows a refusal is never read as a request', async () => {
      const client = await node.connect();
      client.write(connectTo(`${OTHER_HOST}:443`) + connectTo(`${DATA_HOST}:443`));
      const text = await readAll(client);
      assert.match(text, /^HTTP\/1\.1 403 /);
      assert.equal(text.split('HTTP/1.1').length, 2);
    });

    test('/live and /ready answer with any Host, without a record, and /ready tells the truth', async () => {
      for (const [path, isReady, answer] of [
        ['/live', false, /^HTTP\/1\.1 200 .*\r\n\r\nlive\n$/s],
        ['/ready', true, /^HTTP\/1\.1 200 .*\r\n\r\nready\n$/s],
        ['/ready', false, /^HTTP\/1\.1 503 .*\r\n\r\nclosed\n$/s],
      ] as const) {
        node.isReady = isReady;
        const recorded = node.records.length;
        const client = await node.connect();
        client.write(`GET ${path} HTTP/1.1\r\nHost: anything.test\r\n\r\n`);
        assert.match(await readAll(client), answer);
        assert.equal(node.records.length, recorded);
        node.isReady = true;
      }
    });

    test('a reset of one leg is a reset of the other', async () => {
      const client = await openTunnel();
      const far = upstream.connections.at(-1);
      const closed = new Promise<boolean>((resolve) => client.once('close', resolve));
      far?.resetAndDestroy();
      assert.equal(await closed, true);
      assert.equal((await recordOf(client, 'close')).end?.endedBy, 'upstream');
    });

    test('an operator can close a tunnel, and it is in the table until then', async () => {
      const client = await openTunnel();
      const row = node.plane.sessions.page(100, 0).rows.find((candidate) => candidate.client.endsWith(`:${client.ownPort}`));
      assert.equal(row?.phase, 'relaying');
      assert.equal(row?.target, `${DATA_HOST}:443`);
      assert.ok(node.plane.sessions.closeSome(1_000, 'operator') >= 1);
      assert.equal((await recordOf(client, 'close')).end?.endedBy, 'operator');
    });
  });
}
