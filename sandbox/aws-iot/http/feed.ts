/** An HTTP server that never listens: it is fed with TLS sockets, and bounds each request by time and size. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

export interface FeedOptions {
  readonly name: string;
  /** For each request, head and body, counted from the handshake or from the request before. */
  readonly requestTimeoutMs: number;
  readonly log: (line: string) => void;
  onRequest(request: IncomingMessage, response: ServerResponse, socket: TLSSocket): void | Promise<void>;
  /** Owns the socket from then on. Absent: upgrades are answered as plain requests. */
  onUpgrade?(request: IncomingMessage, socket: TLSSocket, head: Buffer): void;
}

export function createFeed(options: FeedOptions): (socket: TLSSocket) => void {
  const timers = new WeakMap<Duplex, NodeJS.Timeout>();
  const fail = (socket: Duplex, error: unknown) => {
    options.log(`${options.name}: ${error instanceof Error ? error.message : String(error)}`);
    socket.destroy();
  };

  const server = createServer((request, response) => {
    const socket = request.socket as TLSSocket;
    timers.get(socket)?.refresh();
    // `aborted` requests come as errors of the body; nobody is left to tell.
    request.on('error', () => socket.destroy());
    Promise.try(() => options.onRequest(request, response, socket)).catch((error: unknown) => fail(socket, error));
  });
  const { onUpgrade } = options;
  if (onUpgrade) {
    server.on('upgrade', (request, stream, head) => {
      clearTimeout(timers.get(stream));
      try {
        onUpgrade(request, stream as TLSSocket, head);
      } catch (error) {
        fail(stream, error);
      }
    });
  }
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else socket.destroy();
  });

  return (socket) => {
    // A server that does not listen has no timeouts of its own.
    const timer = setTimeout(() => socket.destroy(), options.requestTimeoutMs);
    timers.set(socket, timer);
    socket.once('close', () => clearTimeout(timer));
    server.emit('connection', socket);
  };
}

/** How much of a body that is too large is still read, so that the client gets to see its answer. */
const DISCARD_FACTOR = 8;

/** The whole body, or undefined where it is larger than allowed. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= bytesMax) chunks.push(chunk);
    if (length > bytesMax * DISCARD_FACTOR) break;
  }
  return length <= bytesMax ? Buffer.concat(chunks) : undefined;
}
