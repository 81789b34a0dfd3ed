/**
 * `GET /mqtt` with an upgrade: SigV4 first, then 101, then a stream of MQTT bytes.
 * The 101 echoes `mqtt` and offers no extension: the CRT gives up on either fault.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { SigningKey } from '../sigv4/access-keys.ts';
import type { VerifyContext } from '../sigv4/signature.ts';
import { verifyUpgrade } from '../sigv4/verify.ts';
import { refusal, respondRaw, traced } from './respond.ts';

export interface WebSocketOptions {
  /** A frame may hold several packets; nobody sends megabytes in one. */
  readonly frameBytesMax: number;
  readonly log: (line: string) => void;
  context(): VerifyContext;
  onOpen(stream: Duplex, key: SigningKey, socket: TLSSocket): void;
}

/** Paho's older clients ask for `mqttv3.1`; the guide names `mqtt`. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'] as const;

export function createUpgrade(options: WebSocketOptions): (request: IncomingMessage, socket: TLSSocket, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.frameBytesMax,
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  server.on('wsClientError', (error) => options.log(`data: upgrade failed: ${error.message}`));

  return (request, socket, head) => {
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    const rawPath = mark < 0 ? url : url.slice(0, mark);
    if (rawPath !== '/mqtt')
      return respondRaw(socket, traced(refusal(404, 'ResourceNotFoundException', 'Not Found')), options.context().nowMs);

    const rawQuery = mark < 0 ? '' : url.slice(mark + 1);
    const { method = '', rawHeaders } = request;
    const verified = verifyUpgrade({ method, rawPath, rawQuery, rawHeaders }, options.context());
    if (!verified.ok) {
      options.log(`data: upgrade refused with 403 ${verified.type}: ${verified.message}`);
      return respondRaw(socket, traced(refusal(403, verified.type, verified.message)), options.context().nowMs);
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      // MQTT 5.0 section 6: a data frame that is not binary closes the connection.
      webSocket.on('message', (_data, isBinary) => isBinary || webSocket.close(1003));
      options.onOpen(stream, verified.key, socket);
    });
  };
}
