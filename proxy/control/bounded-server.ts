// The HTTP servers of the control side: small answers to small questions. Everything a client could stretch has a bound.

import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const HEAD_BYTES_MAX = 8 * 1024;
const HEAD_TIMEOUT_MS = 5_000;
/** For the whole exchange: a client that does not read its answer is let go. */
const SOCKET_TIMEOUT_MS = 15_000;
const CONNECTIONS_MAX = 256;

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** Path and query of a GET, and what a handler may want to judge it by. */
export interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string;
  readonly authorization: string;
}

export type Handler = (question: Question) => Answer | Promise<Answer>;

export function json(status: number, value: unknown): Answer {
  return { status, body: `${JSON.stringify(value)}\n`, type: 'application/json' };
}

export const NOT_FOUND: Answer = json(404, { error: 'nothing is served at this path' });

export interface Listening {
  close(): Promise<void>;
}

/** Rejects where the address cannot be bound. A socket path that nobody holds any more is taken over. */
export function listenBounded(
  at: { readonly path: string } | { readonly host: string; readonly port: number },
  handler: Handler,
): Promise<Listening> {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: HEAD_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(SOCKET_TIMEOUT_MS);
  server.on('request', (request, response) => void answer(request, response, handler));
  if ('path' in at) rmSync(at.path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      if ('path' in at) chmodSync(at.path, 0o600);
      server.off('error', reject);
      resolve({ close: () => closeServer(server) });
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
  const { status, body, type = 'text/plain; charset=utf-8' } = await judge(request, handler);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function judge(request: IncomingMessage, handler: Handler): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET is served here' });
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  try {
    return await handler({
      path,
      query: new URLSearchParams(query),
      host: request.headers.host ?? '',
      authorization: request.headers.authorization ?? '',
    });
  } catch {
    return json(500, { error: 'an unexpected failure inside the proxy' });
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
