import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { duplexPair } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate } from '../test/support/certificate.ts';
import { makeHello, UNRECOGNIZED_NAME } from '../test/support/hello.ts';
import { HEALTH_RESERVE } from '../core/limits.ts';
import { readAll, startTestNode, type TestClient, type TestNode } from '../test/support/plane.ts';
import { ENGINES, until } from '../test/support/relay.ts';
import { DATA_HOST, OTHER_HOST, testSettings } from '../test/support/settings.ts';
import { echo, startTlsUpstream, startUpstream, type Upstream } from '../test/support/upstream.ts';

const ours = makeCertificate(['proxy.test']);
const theirs = makeCertificate([DATA_HOST]);
const OK = 'HTTP/1.1 200 Connection established\r\n\r\n';

for (const relay of ENGINES) {
  describe(`on the ${relay} engine`, () => {
    let upstream: Upstream;
    let node: TestNode;
    /** One whose limits strike soon. */
    let hasty: TestNode;

    before(async () => {
      upstream = await startTlsUpstream(theirs, echo);
      const { timeouts } = testSettings();
      const settings = {
        relay,
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
        resolve: {
          servers: [],
          family: 'ipv4',
          pins: [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }],
        },
      } as const;
      node = await startTestNode(settings);
      hasty = await startTestNode({ ...settings, timeouts: { ...timeouts, headMs: 2_000, helloMs: 2_000, handshakeMs: 2_000 } });
    });

    after(async () => {
      for (const { close } of [node, hasty]) await close();
      await upstream.close();
      for (const { bugs, counts } of [node, hasty]) {
        assert.deepEqual(bugs, []);
        assert.deepEqual({ open: counts.open, pending: counts.pending }, { open: 0, pending: 0 });
      }
    });

    async function overTls(options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: node.port,
        ca: ours.certPem,
        checkServerIdentity: () => undefined,
        ...options,
      });
      socket.on('error', () => {});
      await once(socket, 'secureConnect');
      return socket;
    }

    /** The error with which a TLS client sees its hello refused. */
    async function refusal(options: tls.ConnectionOptions): Promise<string> {
      const socket = tls.connect({ host: '127.0.0.1', port: node.port, ca: ours.certPem, ...options });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      return error.code ?? error.message;
    }

    test('sni: a listed name passes through untouched, to the certificate of the endpoint', async () => {
      const client = await overTls({ servername: DATA_HOST, ca: theirs.certPem, ALPNProtocols: ['http/1.1'] });
      client.write('hello there');
      assert.equal(await readAll(client, (text) => text.length >= 11), 'hello there');
      client.end();
      const { record, end } = await node.recorded(({ event, record: seen }) => event === 'close' && seen.door === 'sni');
      assert.equal(record.target_host, DATA_HOST);
      assert.equal(record.target_port, 443);
      assert.equal(record.alpn, 'http/1.1');
      assert.ok((end?.bytesUp ?? 0) > 500);
    });

    for (const [what, options, code] of [
      ["another account's name", { servername: OTHER_HOST }, 'TARGET_NOT_ALLOWED'],
      ['a name nobody knows', { servername: 'unknown.test' }, 'TARGET_NOT_ALLOWED'],
      ['a listed name with a foreign protocol', { servername: DATA_HOST, ALPNProtocols: ['smtp'] }, 'ALPN_NOT_ALLOWED'],
    ] as const) {
      test(`a hello with ${what} is refused by alert, before a handshake`, async () => {
        const recorded = node.records.length;
        assert.equal(
          await refusal({ ...options, ALPNProtocols: 'ALPNProtocols' in options ? [...options.ALPNProtocols] : [] }),
          'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
        );
        assert.equal(node.records[recorded]?.record.reason, code);
        assert.equal(node.records[recorded]?.record.status, null);
      });
    }

    test('connect-tls: CONNECT inside TLS to our name, and to no name, is a tunnel', async () => {
      for (const servername of ['proxy.test', '']) {
        const outer = await overTls({ servername, ALPNProtocols: ['h2', 'http/1.1'] });
        assert.equal(outer.alpnProtocol, 'http/1.1');
        outer.write(`CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`);
        assert.equal(await readAll(outer, (text) => text.endsWith('\r\n\r\n')), OK);
        const inner = tls.connect({ socket: outer, servername: DATA_HOST, ca: theirs.certPem });
        inner.on('error', () => {});
        await once(inner, 'secureConnect');
        inner.write('inside');
        assert.equal(await readAll(inner, (text) => text.length >= 6), 'inside');
        inner.destroy();
        outer.destroy();
      }
      const { record } = await node.recorded(({ event, record: seen }) => event === 'close' && seen.door === 'connect-tls');
      assert.match(record.tls_version ?? '', /^TLSv1\.[23]$/);
    });

    test('connect-tls: a refusal is an HTTP answer inside TLS', async () => {
      const outer = await overTls({ servername: 'proxy.test' });
      outer.write(`CONNECT ${OTHER_HOST}:443 HTTP/1.1\r\nHost: ${OTHER_HOST}:443\r\n\r\n`);
      assert.match(await readAll(outer), /^HTTP\/1\.1 403 TARGET_NOT_ALLOWED\r\n/);
    });

    test('a client that leaves right behind the handshake is recorded: it may distrust our certificate', async () => {
      const outer = await overTls({ servername: 'proxy.test' });
      const port = outer.localPort;
      outer.end();
      const { record } = await node.recorded(({ record: seen }) => seen.client_port === port);
      assert.deepEqual([record.reason, record.door], ['CLIENT_GONE', 'connect-tls']);
    });

    test('health answers inside TLS too', async () => {
      const outer = await overTls({ servername: '' });
      outer.write('GET /ready HTTP/1.1\r\nHost: 203.0.113.10\r\n\r\n');
      assert.match(await readAll(outer), /^HTTP\/1\.1 200 [^]*ready\n$/);
    });

    test('a handshake that stalls behind its hello ends at the deadline', async () => {
      const client = await hasty.connect();
      client.write(makeHello({ sni: 'proxy.test' }));
      await readAll(client);
      const { record } = await hasty.recorded(({ record: seen }) => seen.client_port === client.ownPort);
      assert.ok(record.reason === 'HANDSHAKE_TIMEOUT' || record.reason === 'HANDSHAKE_FAILED', record.reason);
    });

    test('a client that is lost in the middle of the handshake has left, at once', async () => {
      const [near, far] = duplexPair();
      tls.connect({ socket: near, servername: 'proxy.test' }).on('error', () => {});
      const [hello] = (await once(far, 'data')) as [Buffer];
      for (const [answered, leave] of [
        [false, (client: net.Socket) => client.resetAndDestroy()],
        [true, (client: net.Socket) => client.resetAndDestroy()],
        [false, (client: net.Socket) => client.end()],
        [true, (client: net.Socket) => client.end()],
      ] as const) {
        const client = await node.connect();
        client.write(hello);
        if (answered) await once(client, 'data');
        // Whoever was never seen cannot leave. At the first moment, before it has been answered.
        else await until(() => node.counts.pending === 1);
        leave(client);
        const { record } = await node.recorded(({ record: seen }) => seen.client_port === client.ownPort);
        assert.equal(record.reason, 'CLIENT_GONE');
        assert.equal(node.counts.pending, 0);
        client.destroy();
      }
    });

    test(
      'one too many in the middle of its handshake is closed when its place in the reserve goes to another',
      { timeout: 20_000 },
      async () => {
        const { limits, timeouts } = testSettings();
        const full = await startTestNode({
          relay,
          limits: { ...limits, pending: 0 },
          timeouts: { ...timeouts, handshakeMs: 60_000 },
          tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
        });
        const [near, far] = duplexPair();
        tls.connect({ socket: near, servername: 'proxy.test' }).on('error', () => {});
        const [hello] = (await once(far, 'data')) as [Buffer];
        const clients: TestClient[] = [];
        for (let index = 0; index <= HEALTH_RESERVE; index += 1) {
          const client = await full.connect();
          client.write(hello);
          // Its answer shows that it is in its handshake.
          await once(client, 'data');
          clients.push(client);
        }
        const [first, second] = clients;
        assert.ok(first && second);
        while (!first.readableEnded && !first.destroyed) await new Promise((resolve) => setTimeout(resolve, 10));
        const { record } = await full.recorded(({ record: seen }) => seen.client_port === first.ownPort);
        assert.equal(record.reason, 'NODE_FULL');
        assert.equal(second.readableEnded, false);
        for (const client of clients) client.destroy();
        await full.close();
        assert.deepEqual(full.bugs, []);
      },
    );

    for (const [by, last] of [
      ['drain', 'alert'],
      ['idle', 'data'],
    ] as const) {
      test(`connect-tls: an end for ${by} has ${last} as its last record`, async () => {
        const tap = await startTap(node.port);
        // In TLS 1.3 an alert looks like data from outside.
        const client = await overTls({ port: tap.port, servername: 'proxy.test', maxVersion: 'TLSv1.2' });
        client.write(`CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`);
        assert.equal(await readAll(client, (text) => text.endsWith('\r\n\r\n')), OK);
        const inner = tls.connect({ socket: client, servername: DATA_HOST, ca: theirs.certPem });
        inner.on('error', () => {});
        await once(inner, 'secureConnect');
        const before = node.records.length;
        while (node.plane.sessions.page(1, 0).rows[0]?.phase !== 'relaying') await new Promise((resolve) => setTimeout(resolve, 10));
        node.plane.sessions.closeSome(1, by);
        await tap.ended;
        assert.equal(lastRecord(tap.bytes()), last);
        const { end } = await node.recorded((recorded) => recorded.event === 'close' && node.records.indexOf(recorded) >= before);
        assert.equal(end?.endedBy, by);
        await tap.close();
      });
    }

    test('connect-tls: a client that has finished goes on reading', { timeout: 10_000 }, async () => {
      const slow = await startUpstream((socket) => void socket.resume().on('end', () => socket.end('all the same')));
      const policy = { sni: 'off', alpn: 'off', address: 'enforce', allowMissingSni: false, revoked: 'close' } as const;
      const pins = [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: slow.port }] }];
      const open = await startTestNode({
        relay,
        policy,
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
        resolve: { servers: [], family: 'ipv4', pins },
      });
      const plain = await open.connect();
      const outer = tls.connect({ socket: plain, servername: 'proxy.test', ca: ours.certPem });
      await once(outer, 'secureConnect');
      outer.write(`CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}:443\r\n\r\n`);
      assert.equal(await readAll(outer, (text) => text.endsWith('\r\n\r\n')), OK);
      outer.end('question');
      assert.equal(await readAll(outer), 'all the same');
      await open.close();
      await slow.close();
    });

    test('a hello that never ends is refused at the deadline, one that is no hello at once', async () => {
      const slow = await hasty.connect();
      slow.write(makeHello({ sni: DATA_HOST }).subarray(0, 60));
      assert.equal(await readAll(slow), UNRECOGNIZED_NAME.toString('latin1'));
      assert.equal((await hasty.recorded(({ record }) => record.client_port === slow.ownPort)).record.reason, 'HELLO_TIMEOUT');

      const odd = await node.connect();
      odd.write(Buffer.from('1603010000', 'hex'));
      await readAll(odd);
      assert.equal((await node.recorded(({ record }) => record.client_port === odd.ownPort)).record.reason, 'HELLO_MALFORMED');
    });

    test('a client that offers only h2 or only old versions does not get in', async () => {
      assert.match(await refusal({ servername: 'proxy.test', ALPNProtocols: ['h2'] }), /ALERT|PROTOCOL/i);
      const error = await refusal({ servername: 'proxy.test', maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
      assert.match(error, /ALERT|VERSION|PROTOCOL|CIPHER|UNRECOGNIZED/i);
    });

    test('renegotiation is not answered on TLS 1.2', async () => {
      const client = await overTls({ servername: 'proxy.test', maxVersion: 'TLSv1.2' });
      const outcome = await new Promise<string>((resolve) => {
        client.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
        client.once('close', () => resolve('closed'));
        client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ? 'refused' : 'renegotiated'));
      });
      assert.notEqual(outcome, 'renegotiated');
      client.destroy();
    });

    test('where sni is off, a listed name is terminated like any other (some clients send the target to an https proxy)', async () => {
      const plain = await startUpstream(echo);
      const other = await startTestNode({
        relay,
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
        listeners: [{ name: 'tls', host: '127.0.0.1', port: 0, doors: ['connect-tls'], backlog: 16, proxyProtocolTrust: null }],
      });
      const client = tls.connect({
        host: '127.0.0.1',
        port: other.port,
        servername: DATA_HOST,
        ca: ours.certPem,
        checkServerIdentity: () => undefined,
      });
      await once(client, 'secureConnect');
      client.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await readAll(client), /^HTTP\/1\.1 200 /);

      const clear = await other.connect();
      clear.write(`CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: ${DATA_HOST}\r\n\r\n`);
      assert.match(await readAll(clear), /^HTTP\/1\.1 405 METHOD_NOT_ALLOWED\r\n/);
      await other.close();
      await plain.close();
    });

    test('PROXY header: from a trusted source it is required and believed', async () => {
      const trusting = await startTestNode({
        relay,
        listeners: [{ name: 'nlb', host: '127.0.0.1', port: 0, doors: ['connect'], backlog: 16, proxyProtocolTrust: ['127.0.0.0/8'] }],
      });
      const said = await trusting.connect();
      said.write(`PROXY TCP4 203.0.113.77 203.0.113.1 4711 443\r\nCONNECT ${OTHER_HOST}:443 HTTP/1.1\r\nHost: ${OTHER_HOST}\r\n\r\n`);
      assert.match(await readAll(said), /^HTTP\/1\.1 403 /);
      assert.equal(trusting.records[0]?.record.client_ip, '203.0.113.77');
      assert.equal(trusting.records[0]?.record.client_port, 4711);

      const silent = await trusting.connect();
      silent.write(`CONNECT ${OTHER_HOST}:443 HTTP/1.1\r\nHost: ${OTHER_HOST}\r\n\r\n`);
      assert.equal(await readAll(silent), '');
      assert.equal(trusting.records[1]?.record.reason, 'PROXY_HEADER_INVALID');
      await trusting.close();

      const client = await node.connect();
      client.write('PROXY TCP4 127.0.0.1 127.0.0.1 1 443\r\n');
      assert.equal(await readAll(client), '');
      assert.equal((await node.recorded(({ record }) => record.client_port === client.ownPort)).record.reason, 'PROXY_HEADER_INVALID');
    });

    test('PROXY header: while it has not come, the connection is one of the node’s pending ones', async () => {
      const { limits } = testSettings();
      const trusting = await startTestNode({
        relay,
        limits: { ...limits, pending: 1 },
        listeners: [{ name: 'nlb', host: '127.0.0.1', port: 0, doors: ['connect'], backlog: 16, proxyProtocolTrust: ['127.0.0.0/8'] }],
      });
      const silent = await trusting.connect();
      while (trusting.counts.pending < 1) await new Promise((resolve) => setTimeout(resolve, 10));
      const next = await trusting.connect();
      next.write(`PROXY TCP4 203.0.113.77 203.0.113.1 4711 443\r\nCONNECT ${OTHER_HOST}:443 HTTP/1.1\r\nHost: ${OTHER_HOST}\r\n\r\n`);
      assert.match(await readAll(next), /^HTTP\/1\.1 503 NODE_FULL\r\n/);
      silent.destroy();
      while (trusting.counts.pending > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await trusting.close();
    });

    test('bytes that are neither HTTP nor TLS are closed with one record', async () => {
      const client: net.Socket & { ownPort: number } = await node.connect();
      client.write(Buffer.of(5, 1, 0));
      assert.equal(await readAll(client), '');
      assert.equal((await node.recorded(({ record }) => record.client_port === client.ownPort)).record.reason, 'PROTOCOL_UNKNOWN');
    });
  });
}

interface Tap {
  readonly port: number;
  /** What the node has sent so far. */
  bytes(): Buffer;
  /** The node has finished. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** A wire between one client and the node, on which its bytes can be seen. */
async function startTap(port: number): Promise<Tap> {
  const seen: Buffer[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const outer = await startUpstream((client) => {
    const toNode = net.connect(port, '127.0.0.1');
    client.on('error', () => {});
    toNode.on('error', () => {});
    toNode.on('data', (chunk: Buffer) => seen.push(chunk));
    toNode.once('end', resolve);
    client.pipe(toNode).pipe(client);
  });
  return { port: outer.port, bytes: () => Buffer.concat(seen), ended, close: () => outer.close() };
}

function lastRecord(bytes: Buffer): string {
  let type = 0;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) type = bytes[at] ?? 0;
  return type === 21 ? 'alert' : type === 23 ? 'data' : String(type);
}
