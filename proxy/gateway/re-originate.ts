// The only user of http-proxy. Around it stand the guards that it lacks: the head it sees is written by us from a fixed list of fields
// (so no bodies, no framing, no hop-by-hop or forwarding fields reach it), the path is set byte for byte, the handshake has a deadline
// that destroys both sides, and every error is answered by us. Once the 101 is out, its pipes and listeners are taken off again.

import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import httpProxy from 'http-proxy';
import { ProxyError } from '../core/fault.ts';
import type { Clock } from '../core/clock.ts';
import { HEAD_BYTES_MAX } from '../core/limits.ts';
import type { UpgradeOutcome, UpgradeRequest, UpgradeThroughGateway } from '../tunnel/gateway-port.ts';
import { HandshakeStream } from './handshake-stream.ts';
import { secureUpstream } from './upstream-tls.ts';

/** The canonical head: the request line and fields that our parser let through, under the data endpoint's name. */
function canonicalHead(request: UpgradeRequest): Buffer {
  const { host, port } = request.gateway.target;
  const lines = [`GET ${request.upgrade.path} HTTP/1.1`, `Host: ${port === 443 ? host : `${host}:${port}`}`];
  for (const [name, value] of request.upgrade.fields) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Gives out the one socket that was judged, dialled and verified; never connects by itself. */
class OneSocketAgent extends https.Agent {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    super({ keepAlive: false, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): Duplex {
    return this.#socket;
  }
}

const LISTENED = ['data', 'end', 'close', 'error', 'drain', 'readable', 'finish', 'timeout', 'agentRemove', 'free', 'connect'] as const;

export function createGateway(clock: Clock): UpgradeThroughGateway {
  // Never listens: it is handed one stream per upgrade, which already carries a whole, canonical head.
  const parser = http.createServer({ maxHeaderSize: 2 * HEAD_BYTES_MAX, requireHostHeader: true });
  const handlers = new WeakMap<Duplex, (request: http.IncomingMessage, head: Buffer) => void>();
  parser.on('upgrade', (request, stream, head) => handlers.get(stream)?.(request, head));

  return async (request) => {
    const secure = await secureUpstream(request.upstream, request.gateway, {
      clock,
      deadlineMs: request.deadlineMs,
      signal: request.signal,
    });
    return reOriginate(request, secure, clock, (stream, handler) => {
      handlers.set(stream, handler);
      parser.emit('connection', stream);
    });
  };
}

function reOriginate(
  request: UpgradeRequest,
  secure: TLSSocket,
  clock: Clock,
  parse: (stream: HandshakeStream, handler: (head: http.IncomingMessage, rest: Buffer) => void) => void,
): Promise<UpgradeOutcome> {
  return new Promise((resolve, reject) => {
    const before = new Map(LISTENED.map((event) => [event, new Set(secure.listeners(event))]));
    let status = 0;
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      cancel();
      request.signal.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (error: ProxyError): void => {
      // What the client has been told cannot be taken back: an answer cut short ends as one.
      const answered = stream.hasAnswered;
      if (!settle()) return;
      secure.destroy();
      stream.destroy();
      if (answered) resolve({ kind: 'answered', status });
      else reject(error);
    };
    const onAbort = (): void => fail(new ProxyError('CLIENT_GONE', 'the client left during the upgrade'));
    const cancel = clock.after(request.deadlineMs - clock.nowMs(), () =>
      fail(new ProxyError('UPGRADE_TIMEOUT', `no answer to the upgrade from ${request.gateway.target.host} in time`)),
    );
    request.signal.addEventListener('abort', onAbort);

    const stream = new HandshakeStream(canonicalHead(request), request.client, {
      finished: () => {
        if (settle()) resolve({ kind: 'answered', status });
      },
      overflowed: () => fail(new ProxyError('UPSTREAM_CLOSED', 'the answer to the upgrade was too long')),
    });
    stream.on('error', () => {});

    const proxy = httpProxy.createProxyServer({});
    proxy.on('proxyReqWs', (outgoing) => {
      outgoing.path = request.upgrade.path;
      outgoing.prependListener('upgrade', (answer: http.IncomingMessage) => {
        const { upgrade = '', connection = '' } = answer.headers;
        if (upgrade.toLowerCase() === 'websocket' && /(^|,)\s*upgrade\s*(,|$)/i.test(connection)) return;
        fail(new ProxyError('UPSTREAM_CLOSED', `${request.gateway.target.host} answered 101 without an upgrade to websocket`));
      });
      outgoing.prependListener('response', (answer: http.IncomingMessage) => {
        status = answer.statusCode ?? 502;
        // Node takes a 101 that names no upgrade for an answer like any other.
        if (status < 200)
          return fail(new ProxyError('UPSTREAM_CLOSED', `${request.gateway.target.host} answered ${status} without an upgrade`));
        answer.headers['pinhole-answer'] = 'upstream';
        answer.headers.connection = 'close';
      });
    });
    proxy.on('open', () => {
      if (!settle()) return;
      secure.unpipe(stream);
      stream.unpipe(secure);
      secure.pause();
      for (const [event, kept] of before) {
        for (const listener of secure.listeners(event)) if (!kept.has(listener)) secure.off(event, listener as () => void);
      }
      secure.on('error', () => {});
      // The library would end the upstream with its client, and this stream is no client any more.
      stream.removeAllListeners();
      stream.destroy();
      resolve({ kind: 'open', upstream: secure, status: 101 });
    });
    const onError = (error: Error): void =>
      fail(new ProxyError('UPSTREAM_CLOSED', `${request.gateway.target.host} broke off the upgrade`, { cause: error }));
    proxy.on('error', onError);
    secure.once('close', () => onError(new Error('closed')));

    parse(stream, (head, rest) => {
      const { host, port } = request.gateway.target;
      proxy.ws(
        head,
        stream as never,
        rest,
        { target: { protocol: 'https:', host, port }, agent: new OneSocketAgent(secure), secure: true },
        onError,
      );
    });
  });
}
