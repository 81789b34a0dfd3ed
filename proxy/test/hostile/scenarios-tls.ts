// The outer TLS of our own names (`tls.hello`) and the PROXY protocol (`any.accept`).

import { once } from 'node:events';
import net from 'node:net';
import { duplexPair } from 'node:stream';
import tls from 'node:tls';
import { DEADLINE_MS } from './bench.ts';
import { eventually, within } from './bounded.ts';
import { type Door, hear, knock, speak } from './door-client.ts';
import { exchange, secureInside } from './exchange.ts';
import { DATA, PROXY_NAME } from './fixture.ts';
import { hello } from './hello-bytes.ts';
import { connectHead, openTunnel } from './moves.ts';
import type { Move, Scenario } from './scenario.ts';

const WAIT_MS = 10_000;

/** CONNECT over the outer TLS, and the agent's own TLS inside it. */
async function useInside(door: Door, { bench: { world }, source }: Move): Promise<undefined> {
  const inner = await secureInside(await openTunnel(door, source, DATA), { serverName: DATA, ca: world.upstreamCa, alpn: ['mqtt'] });
  await exchange(inner, world.upstream, 500_000);
  return undefined;
}

/** The bytes of a handshake that fails, read in clear. */
function failHandshake(door: Door, source: string, options: tls.ConnectionOptions): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const plain = net.connect({ host: door.host, port: door.port, localAddress: source });
    const secure = tls.connect({ socket: plain, ca: door.ca, ...options });
    const timer = setTimeout(() => reject(new Error('neither a handshake nor its failure')), WAIT_MS);
    secure.on('error', () => {});
    secure.once('secureConnect', () => reject(new Error(`a handshake with ${secure.getCipher().name}`)));
    secure.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

const WEAK_SUITES = {
  rsaWithRc4: 0x0005,
  rsaWith3Des: 0x000a,
  rsaWithNull: 0x0002,
  rsaExport: 0x0003,
  anonymous: 0x0034,
} as const;

const OUTER: readonly Scenario[] = [
  {
    id: 'TL-001',
    expected: 'allow',
    what: 'CONNECT over TLS to our name',
    reason: 'OK',
    run: (move) => useInside(move.bench.doors.tls, move),
  },
  {
    id: 'TL-002',
    expected: 'allow',
    what: 'the same without a name: clients that dial by address',
    reason: 'OK',
    run: async (move) => {
      const { bench, source } = move;
      const plain = await knock(bench.doors.clear, source);
      const outer = tls.connect({ socket: plain, ca: bench.world.proxyCa, checkServerIdentity: () => undefined });
      await within(WAIT_MS, 'the outer handshake', once(outer, 'secureConnect'));
      const answer = hear(outer);
      outer.write(connectHead(DATA));
      const { kind, socket } = await answer;
      if (kind !== 'open') return answer;
      const inner = await secureInside(socket, { serverName: DATA, ca: bench.world.upstreamCa });
      await exchange(inner, bench.world.upstream, 10_000);
      return undefined;
    },
  },
  {
    id: 'TL-005',
    expected: 'close',
    what: 'h2 alone offered to us',
    reason: 'HANDSHAKE_FAILED',
    run: ({ bench, source }) => failHandshake(bench.doors.tls, source, { servername: PROXY_NAME, ALPNProtocols: ['h2'] }),
  },
  {
    id: 'TL-008',
    expected: 'close',
    what: 'RC4, 3DES, NULL, export and anonymous suites alone',
    reason: 'HANDSHAKE_FAILED',
    run: ({ bench, source }) =>
      speak(bench.doors.clear, source, hello({ sni: PROXY_NAME, versions: null, cipherSuites: Object.values(WEAK_SUITES) })),
  },
  {
    id: 'TL-013',
    expected: 'close',
    what: 'a handshake that stalls behind the first hello',
    reason: 'HANDSHAKE_TIMEOUT',
    run: async ({ bench, source }) => {
      // A real client's hello, cut off from whatever it would say next.
      const plain = await knock(bench.doors.clear, source);
      const first = await firstFlight(PROXY_NAME);
      const startMs = performance.now();
      plain.write(first);
      plain.resume();
      await within(DEADLINE_MS.handshake + 5_000, 'the end of a stalled handshake', once(plain, 'end'));
      plain.destroy();
      if (performance.now() - startMs < DEADLINE_MS.handshake / 2) throw new Error('it was not the deadline that ended it');
      return undefined;
    },
  },
  {
    id: 'TL-018',
    expected: 'allow',
    what: 'TLS inside TLS to the gateway’s name too',
    reason: 'OK',
    run: (move) => useInside(move.bench.doors.gateway, move),
  },
  {
    id: 'TL-021',
    expected: 'survive',
    what: 'a FIN without close_notify in the middle of a tunnel',
    reason: 'OK',
    run: async ({ bench, source }) => {
      const plain = await knock(bench.doors.clear, source);
      const outer = secureOver(plain, { ca: bench.world.proxyCa, servername: PROXY_NAME });
      await within(WAIT_MS, 'the outer handshake', once(outer, 'secureConnect'));
      const answer = hear(outer);
      outer.write(connectHead(DATA));
      const inner = await secureInside((await answer).socket, { serverName: DATA, ca: bench.world.upstreamCa });
      inner.write('half a message');
      await new Promise((resolve) => setTimeout(resolve, 200));
      const ended = once(plain, 'end');
      plain.end();
      await within(WAIT_MS, 'the end from the proxy', ended);
      plain.destroy();
      const close = await eventually(WAIT_MS, 'its close record', () => bench.main.records('close', source)[0] ?? null);
      if (close['ended_by'] !== 'client') throw new Error(`ended by ${String(close['ended_by'])}`);
      return undefined;
    },
  },
];

/** TLS over a connection whose own end stays in our hands: nothing of TLS is said when it is finished. */
function secureOver(plain: net.Socket, options: tls.ConnectionOptions): tls.TLSSocket {
  const [near, far] = duplexPair();
  near.pipe(plain, { end: false });
  plain.pipe(near);
  const secure = tls.connect({ ...options, socket: far as net.Socket });
  secure.on('error', () => {});
  return secure;
}

/** The first flight of Node's own TLS client. */
function firstFlight(serverName: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.once('data', (chunk: Buffer) => {
        socket.destroy();
        server.close();
        resolve(chunk);
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      tls.connect({ host: '127.0.0.1', port, servername: serverName }).on('error', () => {});
    });
  });
}

const TRUSTED = ['127.40.0.1', '127.40.0.2', '127.40.0.3'] as const;
const ANNOUNCED = '203.0.113.77';

const PROXY_PROTOCOL: readonly Scenario[] = [
  {
    id: 'PR-007',
    expected: 'close',
    what: 'a PROXY header from a source that is not trusted',
    reason: 'PROXY_HEADER_INVALID',
    run: ({ bench, source }) => speak(bench.proxied, source, Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n')),
  },
  {
    id: 'PR-008',
    expected: 'close',
    what: 'a malformed PROXY header from a trusted source',
    reason: 'PROXY_HEADER_INVALID',
    recordedAs: TRUSTED[0],
    run: ({ bench }) => speak(bench.proxied, TRUSTED[0], Buffer.from('PROXY TCP4 999.1.1.1 x y z\r\n')),
  },
  {
    id: 'PR-009',
    expected: 'close',
    what: 'a trusted source that says nothing: its own deadline',
    reason: null,
    recordedAs: TRUSTED[1],
    run: async ({ bench }) => {
      const answer = await speak(bench.proxied, TRUSTED[1], Buffer.alloc(0), DEADLINE_MS.proxyHeader + 5_000);
      if (answer.milliseconds < DEADLINE_MS.proxyHeader / 2) throw new Error('it was not the deadline that ended it');
      return answer;
    },
  },
  {
    id: 'PR-009 missing',
    expected: 'close',
    what: 'a trusted source that leaves the header out',
    reason: 'PROXY_HEADER_INVALID',
    recordedAs: TRUSTED[2],
    run: ({ bench }) => speak(bench.proxied, TRUSTED[2], connectHead(DATA)),
  },
  {
    id: 'PR-007 good',
    expected: 'deny-403',
    what: 'a good header from a trusted source speaks for the client that it names',
    reason: 'TARGET_NOT_ALLOWED',
    recordedAs: ANNOUNCED,
    run: ({ bench }) =>
      speak(
        bench.proxied,
        '127.40.0.4',
        Buffer.concat([Buffer.from(`PROXY TCP4 ${ANNOUNCED} 10.0.0.2 4711 443\r\n`), connectHead('evil.test')]),
      ),
  },
];

export const TLS_SCENARIOS: readonly Scenario[] = [...OUTER, ...PROXY_PROTOCOL];
