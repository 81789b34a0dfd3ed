// Fifty clients that behave badly at the same time: they send what is no protocol, stop half way, say nothing, never stop, or leave.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PROXY } from '../../../sandbox/world/config-file.ts';
import type { ReasonCode } from '../../core/fault.ts';
import type { Spot } from './client-case.ts';
import { DATA } from './expected-lines.ts';

interface Kind {
  readonly what: string;
  readonly howMany: number;
  /** How it must end; null where nothing may be written: what never sent a byte is no session. */
  readonly reason: ReasonCode | null;
  /** Gives back the stream that the client looks at, where that is another one. */
  readonly misbehave: (socket: Socket, ca: string) => Socket | void;
}

export interface BadClient {
  readonly what: string;
  readonly reason: ReasonCode | null;
  /** The `client_port` of its record. */
  readonly port: number;
  readonly gone: Promise<unknown>;
}

const CONNECT = `CONNECT ${DATA}:443 HTTP/1.1\r\nHost: ${DATA}:443\r\n\r\n`;
const DRIP_EVERY_MS = 200;
const FLOOD_CHUNK = 'X-Filler: '.padEnd(1_000, 'x').concat('\r\n');

export const KINDS: readonly Kind[] = [
  {
    what: 'bytes of no protocol',
    howMany: 6,
    reason: 'PROTOCOL_UNKNOWN',
    misbehave: (socket) => void socket.write(Buffer.from([0, 1, 2, 3, 0xff, 0xfe])),
  },
  { what: 'a head, one byte at a time', howMany: 6, reason: 'HEAD_TIMEOUT', misbehave: (socket) => drip(socket, CONNECT) },
  { what: 'a head without end', howMany: 6, reason: 'HEAD_TOO_LARGE', misbehave: flood },
  {
    what: 'half a ClientHello',
    howMany: 6,
    reason: 'HELLO_TIMEOUT',
    misbehave: (socket) => void socket.write(Buffer.from('1603010200010001fc0303', 'hex')),
  },
  {
    what: 'SSH in an open tunnel',
    howMany: 6,
    reason: 'HELLO_MALFORMED',
    misbehave: (socket) => afterAnswer(socket, () => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
  },
  { what: 'silence in an open tunnel', howMany: 6, reason: 'HELLO_TIMEOUT', misbehave: (socket) => afterAnswer(socket, () => {}) },
  {
    what: 'TLS with the proxy, then silence',
    howMany: 6,
    reason: 'HEAD_TIMEOUT',
    misbehave: (socket, ca) => connectTls({ socket, ca, servername: PROXY }),
  },
  {
    what: 'a reset in the middle of an answer',
    howMany: 4,
    reason: 'CLIENT_GONE',
    misbehave: (socket) => afterAnswer(socket, () => socket.resetAndDestroy()),
  },
  { what: 'nothing at all', howMany: 4, reason: null, misbehave: () => {} },
];

/** All at once; each is left to itself until the node is through with it. */
export async function startBadClients({ host, port }: Spot, ca: string): Promise<BadClient[]> {
  const all = KINDS.flatMap((kind) => Array.from({ length: kind.howMany }, () => kind));
  return Promise.all(
    all.map(async ({ what, reason, misbehave }) => {
      const socket = connect({ host, port, noDelay: true });
      await once(socket, 'connect');
      socket.on('error', () => {});
      const { localPort = 0 } = socket;
      const stream = misbehave(socket, ca) ?? socket;
      const gone = new Promise((resolve) => stream.once('close', resolve));
      stream.on('error', () => {}).resume();
      return { what, reason, port: localPort, gone };
    }),
  );
}

function drip(socket: Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    // The last byte never comes.
    if (sent < text.length - 1) socket.write(text.charAt(sent));
    sent += 1;
  }, DRIP_EVERY_MS);
  socket.once('close', () => clearInterval(timer));
}

function flood(socket: Socket): void {
  socket.write('GET / HTTP/1.1\r\n');
  const more = (): void => {
    while (socket.writable && socket.write(FLOOD_CHUNK));
  };
  socket.on('drain', more);
  more();
}

function afterAnswer(socket: Socket, next: () => void): void {
  socket.write(CONNECT);
  socket.once('data', next);
}
