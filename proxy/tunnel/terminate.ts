// TLS for our own names. A tls.Server that never listens is fed sockets one by one: a bare TLSSocket would take a self-signed client
// certificate for a good one, and renegotiation can be shut off only by the context's option.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { ProxyError } from '../core/fault.ts';
import type { Clock } from '../core/clock.ts';
import type { TlsSettings } from '../core/settings.ts';

export interface TlsTerminator {
  /**
   * Finishes the handshake on a socket whose first bytes have been read already, by a moment of the clock.
   * Throws HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT or CLIENT_GONE, and the socket is then destroyed.
   */
  handshake(socket: Socket, firstBytes: Buffer, deadlineMs: number): Promise<tls.TLSSocket>;
}

interface Waiting {
  readonly resolve: (socket: tls.TLSSocket) => void;
  readonly reject: (error: ProxyError) => void;
}

export function createTlsTerminator(settings: TlsSettings, clock: Clock): TlsTerminator {
  const waiting = new Map<string, Waiting>();
  const server = tls.createServer({
    cert: settings.certificatePem,
    key: settings.keyPem,
    minVersion: settings.minVersion,
    // Go offers h2 to a TLS proxy and then speaks HTTP/1.1 whatever was chosen.
    ALPNProtocols: ['http/1.1'],
    // Renegotiation costs us more than the client; tickets would carry a session from one name's policy to another's.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
    honorCipherOrder: true,
  });
  server.on('secureConnection', (socket) => take(waiting, socket)?.resolve(socket));
  server.on('tlsClientError', (error, socket) => {
    take(waiting, socket)?.reject(new ProxyError('HANDSHAKE_FAILED', 'the TLS handshake failed', { cause: error }));
  });

  return {
    handshake(socket, firstBytes, deadlineMs) {
      return new Promise((resolve, reject) => {
        const key = keyOf(socket);
        const settle = (): void => {
          waiting.delete(key);
          cancel();
          socket.off('close', onClose);
        };
        const fail = (error: ProxyError): void => {
          settle();
          socket.destroy();
          reject(error);
        };
        const onClose = (): void => fail(new ProxyError('CLIENT_GONE', 'the client left during the TLS handshake'));
        const cancel = clock.after(Math.max(0, deadlineMs - clock.nowMs()), () =>
          fail(new ProxyError('HANDSHAKE_TIMEOUT', 'the TLS handshake did not finish in time')),
        );
        waiting.set(key, {
          resolve: (secure) => {
            settle();
            resolve(secure);
          },
          reject: fail,
        });
        socket.once('close', onClose);
        // The bytes that were looked at go back in front; the server reads them before the socket.
        if (firstBytes.length > 0) socket.unshift(firstBytes);
        server.emit('connection', socket);
      });
    },
  };
}

/** One live connection has these to itself, and both the plain socket and its TLS form know them. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

function take(waiting: Map<string, Waiting>, socket: tls.TLSSocket): Waiting | undefined {
  const found = waiting.get(keyOf(socket));
  if (!found) socket.destroy();
  return found;
}
