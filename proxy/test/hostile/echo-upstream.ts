// The far end that behaves: TLS, and inside it either any bytes or a WebSocket upgrade first. What it sends back is what it was sent with
// every bit turned, so that neither direction can stand for the other, and it keeps the digest of both. Behind a ClientHello that was made by
// hand, which no TLS library could go on from, it does so without TLS.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { HANDMADE_RANDOM } from './hello-bytes.ts';

/** The first bytes of an exchange name it. */
export const TOKEN_LENGTH = 16;

export interface Heard {
  /** Without its TLS: what the upstream saw as the other end. */
  readonly clientPort: number;
  readonly serverName: string;
  readonly alpn: string | null;
  /** Of an upgrade, up to its empty line. */
  readonly head: string | null;
  readonly receivedDigest: string;
  readonly sentDigest: string;
  /** How the other end left; null while it is there. */
  readonly ended: 'finished' | 'broken' | null;
}

export interface EchoUpstream {
  /** Every accepted TCP connection, whatever became of it. */
  readonly connections: number;
  /** The exchange with this token; null where it has not arrived. */
  heard(token: Buffer): Heard | null;
  close(): void;
}

interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
}

export async function startEchoUpstream(
  certificate: Certificate,
  at: readonly { readonly host: string; readonly port: number }[],
): Promise<EchoUpstream> {
  const exchanges = new Map<string, Exchange>();
  const state = { connections: 0 };
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  // Never listens: it is fed what turns out to be real TLS.
  const secure = tls.createServer(
    { cert: certificate.certPem, key: certificate.keyPem, ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt', 'x-amzn-http-ca', 'http/1.1'] },
    (socket) => void new Exchange(socket, (token, exchange) => exchanges.set(token, exchange)),
  );
  secure.on('tlsClientError', () => {});
  for (const { host, port } of at) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      state.connections += 1;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      splitByHello(socket, secure);
    });
    servers.push(server);
    server.listen({ host, port });
    await once(server, 'listening');
  }
  return {
    get connections() {
      return state.connections;
    },
    heard: (token) => exchanges.get(token.toString('hex'))?.heard() ?? null,
    close: () => {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

/** Record header, message header, version: the random stands behind them. */
const RANDOM_AT = 11;

function splitByHello(socket: net.Socket, secure: tls.Server): void {
  let first: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    first = Buffer.concat([first, chunk]);
    if (first.length < RANDOM_AT + HANDMADE_RANDOM.length) return;
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.pause();
    socket.unshift(first);
    if (first.subarray(RANDOM_AT).indexOf(HANDMADE_RANDOM) === 0) echoTurned(socket);
    else secure.emit('connection', socket);
  };
  // Who finishes before a hello is answered with an end.
  const onEnd = (): void => void socket.end();
  socket.on('data', onData);
  socket.on('end', onEnd);
}

/** Every bit turned, the end too. */
export function echoTurned(socket: net.Socket): void {
  socket.on('data', (chunk: Buffer) => socket.write(turn(chunk)));
  socket.on('end', () => socket.end());
  socket.resume();
}

class Exchange {
  readonly #socket: tls.TLSSocket;
  readonly #clientPort: number;
  readonly #named: (token: string, exchange: Exchange) => void;
  readonly #received = createHash('sha256');
  readonly #sent = createHash('sha256');
  #waiting: Buffer = Buffer.alloc(0);
  #head: string | null = null;
  #phase: 'first-bytes' | 'token' | 'bytes' = 'first-bytes';
  #ended: Heard['ended'] = null;

  constructor(socket: tls.TLSSocket, named: (token: string, exchange: Exchange) => void) {
    this.#socket = socket;
    this.#clientPort = socket.remotePort ?? 0;
    this.#named = named;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => (this.#ended ??= 'broken'));
    socket.on('end', () => {
      this.#ended ??= 'finished';
      socket.end();
    });
    socket.on('close', () => (this.#ended ??= 'broken'));
  }

  heard(): Heard {
    const { servername, alpnProtocol } = this.#socket;
    return {
      clientPort: this.#clientPort,
      serverName: typeof servername === 'string' ? servername : '',
      alpn: typeof alpnProtocol === 'string' ? alpnProtocol : null,
      head: this.#head,
      receivedDigest: this.#received.copy().digest('hex'),
      sentDigest: this.#sent.copy().digest('hex'),
      ended: this.#ended,
    };
  }

  #take(chunk: Buffer): void {
    if (this.#phase === 'bytes') return this.#echo(chunk);
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    if (this.#phase === 'first-bytes' && !this.#answeredUpgrade()) return;
    if (this.#waiting.length < TOKEN_LENGTH) return;
    this.#phase = 'bytes';
    this.#named(this.#waiting.toString('hex', 0, TOKEN_LENGTH), this);
    this.#echo(this.#waiting);
  }

  /** False while it is not known whether this is an upgrade, or it is not whole. */
  #answeredUpgrade(): boolean {
    const start = this.#waiting.toString('latin1', 0, 4);
    if ('GET '.startsWith(start) && start !== 'GET ') return false;
    if (start === 'GET ') {
      const end = this.#waiting.indexOf('\r\n\r\n');
      if (end < 0) return false;
      this.#head = this.#waiting.toString('latin1', 0, end + 2);
      this.#waiting = this.#waiting.subarray(end + 4);
      this.#socket.write(switching(this.#head));
    }
    this.#phase = 'token';
    return true;
  }

  #echo(chunk: Buffer): void {
    const turned = turn(chunk);
    this.#received.update(chunk);
    this.#sent.update(turned);
    this.#socket.write(turned);
  }
}

export function turn(bytes: Buffer): Buffer {
  return bytes.map((octet) => octet ^ 0xff) as Buffer;
}

/** RFC 6455 section 4.2.2. */
function switching(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const protocol = /^sec-websocket-protocol: *(\S+)/im.test(head) ? 'Sec-WebSocket-Protocol: mqtt\r\n' : '';
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`;
}
