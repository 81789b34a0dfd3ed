// The HTTP servers of the control side: small answers to small questions. Everything a client could stretch has a bound.

import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { unmapped } from '../core/address.ts';

const HEAD_BYTES_MAX = 8 * 1024;
/** At least; looked at as often as that, since each look wakes the process. */
const HEAD_TIMEOUT_MS = 5_000;
/** For the whole exchange: a client that does not read its answer is let go. */
const SOCKET_TIMEOUT_MS = 15_000;
const CONNECTIONS_MAX = 256;
/** What is asked for is a few words. */
const BODY_BYTES_MAX = 4 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer goes on until whoever asked leaves; what it returns is called then. Null ends it at once. `body` is empty. */
  readonly stream?: (outlet: Outlet) => (() => void) | null;
}

/** Where an answer that goes on is written to. */
export interface Outlet {
  write(text: string): void;
  /** Bytes that were written and have not left yet. */
  waiting(): number;
}

/** Path and query, and what a handler may want to judge them by. */
export interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string;
  readonly authorization: string;
  readonly accept: string;
  /** Of the web page that asks, as its browser says; empty where none does. */
  readonly origin: string;
}

/** A POST. Its body has been read, since that costs little; it is looked at behind whatever says who may ask. */
export interface Change extends Question {
  /** Address and port of whoever asks; null on a Unix socket. */
  readonly from: string | null;
  /** Who they say they are. */
  readonly actor: string;
  readonly body: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly answer: Answer };
}

export type Handler = (question: Question) => Answer | Promise<Answer>;
export type ChangeHandler = (change: Change) => Answer | Promise<Answer>;

/** The header in which a command says for whom it asks. */
export const ACTOR_HEADER = 'pinhole-actor';

export function json(status: number, value: unknown): Answer {
  return { status, body: `${JSON.stringify(value)}\n`, type: 'application/json' };
}

export const NOT_FOUND: Answer = json(404, { error: 'nothing is served at this path' });

export interface Listening {
  close(): Promise<void>;
}

/** Rejects where the address cannot be bound. A socket path that nobody holds any more is taken over. Without `change` only GET is served. */
export function listenBounded(
  at: { readonly path: string } | { readonly host: string; readonly port: number },
  handler: Handler,
  change: ChangeHandler | null = null,
): Promise<Listening> {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: HEAD_TIMEOUT_MS,
    connectionsCheckingInterval: HEAD_TIMEOUT_MS,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(SOCKET_TIMEOUT_MS);
  server.on('request', (request, response) => void answer(request, response, { handler, change }));
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

interface Handlers {
  readonly handler: Handler;
  readonly change: ChangeHandler | null;
}

async function answer(request: IncomingMessage, response: ServerResponse, handlers: Handlers): Promise<void> {
  const { status, body, type = 'text/plain; charset=utf-8', headers = {}, stream } = await judge(request, handlers);
  response.writeHead(status, {
    'Content-Type': type,
    ...(stream ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
    Connection: 'close',
  });
  if (!stream || request.method === 'HEAD') response.end(request.method === 'HEAD' ? undefined : body);
  else if (!response.closed) goOn(response, stream);
}

/** Whoever does not read has what was written wait, and is let go like anybody else who is silent. */
function goOn(response: ServerResponse, stream: NonNullable<Answer['stream']>): void {
  response.flushHeaders();
  const leave = stream({ write: (text) => void response.write(text), waiting: () => response.writableLength });
  if (leave) response.once('close', leave);
  else response.end();
}

async function judge(request: IncomingMessage, { handler, change }: Handlers): Promise<Answer> {
  const { method, headers, socket } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead && (change === null || method !== 'POST'))
    return json(405, { error: change === null ? 'only GET is served here' : 'only GET and POST are served here' });
  // RFC 9112 section 3.2: whoever stands between may have gone by the other one.
  if ((request.headersDistinct['host']?.length ?? 0) > 1) return json(400, { error: 'a request has one Host' });
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const question = {
    path,
    query: new URLSearchParams(query),
    host: headers.host ?? '',
    authorization: headers.authorization ?? '',
    accept: headers.accept ?? '',
    origin: headers.origin ?? '',
  };
  try {
    if (isRead || change === null) return await handler(question);
    const from = socket.remoteAddress === undefined ? null : `${unmapped(socket.remoteAddress)} ${socket.remotePort}`;
    return await change({ ...question, from, actor: String(headers[ACTOR_HEADER] ?? ''), body: await readBody(request) });
  } catch {
    return json(500, { error: 'an unexpected failure inside the proxy' });
  }
}

/** A form of a web page cannot say that its body is JSON. */
async function readBody(request: IncomingMessage): Promise<Change['body']> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is too much is read on and thrown away, within the time of a request: closing at once would reset whoever sends it.
    if (length <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (length > BODY_BYTES_MAX) return { ok: false, answer: json(413, { error: `a body has at most ${BODY_BYTES_MAX} bytes here` }) };
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    return { ok: false, answer: json(415, { error: 'Content-Type has to be application/json' }) };
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { ok: false, answer: json(400, { error: 'the body is not JSON' }) };
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
