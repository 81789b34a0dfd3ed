// The WebSocket upgrade on an open TLS connection, and the WebSocket as a plain stream of MQTT bytes. Opened here rather than inside
// MQTT.js, which turns a refused upgrade into a silent `close`: the status and the words are what a user needs.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { parseRetryAfter } from './backoff.ts';
import { type Clock, withinDeadline } from './clock.ts';
import { AgentFailure, codeOf, messageOf } from './failure.ts';
import { readText } from './http-json.ts';
import { refusalFailure } from './refusal.ts';

/** The gateway may take 10 s for its own upgrade to AWS; a moment more lets its answer arrive. */
const UPGRADE_TIMEOUT_MS = 12_000;
/** AWS's largest MQTT packet is 128 KiB. */
const MESSAGE_BYTES_MAX = 256 * 1024;

export interface UpgradeRequest {
  /** The Host field: the data endpoint, or the gateway's name. */
  readonly host: string;
  readonly path: string;
  readonly authorization: string | null;
}

export async function openWebSocket(socket: TLSSocket, upgrade: UpgradeRequest, clock: Clock): Promise<Duplex> {
  const webSocket = new WebSocket(`wss://${upgrade.host}${upgrade.path}`, ['mqtt'], {
    // `ws` types this as net's function; it calls it once, and a connection is what it gets.
    createConnection: (() => socket) as never,
    headers: upgrade.authorization === null ? {} : { 'Proxy-Authorization': upgrade.authorization },
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
    followRedirects: false,
  });
  const late = (): AgentFailure =>
    new AgentFailure({
      leg: 'upgrade',
      code: 'TIMEOUT',
      fixer: 'account',
      detail: `no answer to the upgrade within ${UPGRADE_TIMEOUT_MS} ms`,
    });
  try {
    await withinDeadline(clock, UPGRADE_TIMEOUT_MS, late, () => opened(webSocket));
    const stream = createWebSocketStream(webSocket);
    stream.on('error', () => {});
    // A WebSocket closes in both directions at once; the stream by itself would stay half open, and a dead session unnoticed.
    stream.once('end', () => stream.destroy());
    return stream;
  } catch (error) {
    webSocket.on('error', () => {});
    webSocket.terminate();
    socket.destroy();
    throw error;
  }
}

function opened(webSocket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    webSocket.once('open', resolve);
    webSocket.once('error', (error) => reject(closedFailure(error)));
    webSocket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readText(response).then(
        (body) => reject(refusedUpgrade(response, body)),
        () => reject(refusedUpgrade(response, '')),
      );
    });
  });
}

/** Who said no: the proxy's gateway marks its own refusals, and marks AWS's as AWS's. */
function refusedUpgrade(response: IncomingMessage, body: string): AgentFailure {
  const status = response.statusCode ?? 0;
  const reason = header(response, 'pinhole-reason');
  const phrase = response.statusMessage ?? '';
  if (reason !== undefined && header(response, 'pinhole-answer') !== 'upstream') {
    return refusalFailure({
      status,
      phrase,
      reason,
      request: header(response, 'pinhole-request'),
      retryAfterMs: parseRetryAfter(header(response, 'retry-after')),
      body,
    });
  }
  return new AgentFailure({
    leg: 'upgrade',
    code: `HTTP_${status}`,
    fixer: status === 403 ? 'account' : 'device',
    detail: `AWS IoT answered ${status} ${phrase}${body ? `: ${body.slice(0, 200)}` : ''}`,
    hint: UPGRADE_HINTS[status] ?? 'the upgrade was not accepted',
    status,
    request: header(response, 'pinhole-request'),
  });
}

const UPGRADE_HINTS: Readonly<Record<number, string>> = {
  403: "the signature or the role's policy: is iot:Connect allowed, is the region right, is this device's clock right?",
  426: 'the signed URL was too old: is the clock of this device right?',
};

function closedFailure(error: Error): AgentFailure {
  return new AgentFailure(
    { leg: 'upgrade', code: codeOf(error), fixer: 'account', detail: messageOf(error), hint: 'the connection ended during the upgrade' },
    { cause: error },
  );
}

function header(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
