// TLS for our own names. A tls.Server that never listens is fed sockets one by one: a bare TLSSocket would take a self-signed client
// certificate for a good one, and renegotiation can be shut off only by the context's option.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { ProxyError } from '../core/fault.ts';
import type { Clock } from '../core/clock.ts';
import type { ClientCertificates, TlsSettings } from '../core/settings.ts';
import { hasBadCertificate } from './client-certificate.ts';

export interface TlsTerminator {
  /**
   * Finishes the handshake on a socket whose first bytes have been read already, by a moment of the clock.
   * Throws HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT, CERTIFICATE_INVALID or CLIENT_GONE, and the socket is then destroyed.
   */
  handshake(socket: Socket, firstBytes: Buffer, deadlineMs: number): Promise<tls.TLSSocket>;
}

interface Waiting {
  readonly resolve: (socket: tls.TLSSocket) => void;
  readonly reject: (error: ProxyError) => void;
}

export function createTlsTerminator(settings: TlsSettings, clock: Clock): TlsTerminator {
  const waiting = new Map<Socket, Waiting>();
  const { clients } = settings;
  const server = tls.createServer({
    ...(clients && askForCertificates(clients)),
    cert: settings.certificatePem,
    key: settings.keyPem,
    minVersion: settings.minVersion,
    // Go offers h2 to a TLS proxy and then speaks HTTP/1.1 whatever was chosen.
    ALPNProtocols: ['http/1.1'],
    // Renegotiation costs us more than the client; tickets would carry a session from one name's policy to another's.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
    honorCipherOrder: true,
  });
  server.on('secureConnection', (socket) => {
    const handshake = take(waiting, socket);
    // Who need not show a certificate must not come with a bad one either.
    if (clients && hasBadCertificate(socket)) handshake?.reject(badCertificate());
    else handshake?.resolve(socket);
  });
  server.on('tlsClientError', (error, socket) => {
    take(waiting, socket)?.reject(isOfCertificate(error, socket) ? badCertificate() : asFault(error));
  });

  return {
    handshake(socket, firstBytes, deadlineMs) {
      return new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new ProxyError('CLIENT_GONE', 'the client left before the TLS handshake'));
        const settle = (): void => {
          waiting.delete(socket);
          cancel();
          socket.off('close', onClose);
        };
        const fail = (error: ProxyError): void => {
          settle();
          socket.destroy();
          reject(error);
        };
        const left = (): void => fail(new ProxyError('CLIENT_GONE', 'the client left during the TLS handshake'));
        // Node closes who has shown a bad certificate, and says why right behind that.
        const onClose = (): void => (clients ? void clock.after(0, () => waiting.has(socket) && left()) : left());
        const cancel = clock.after(deadlineMs - clock.nowMs(), () =>
          fail(new ProxyError('HANDSHAKE_TIMEOUT', 'the TLS handshake did not finish in time')),
        );
        waiting.set(socket, {
          resolve: (secure) => {
            settle();
            secure.allowHalfOpen = true;
            resolve(secure);
          },
          reject: fail,
        });
        socket.once('close', onClose);
        // Who finishes in the middle of a handshake has left. It is also how a reset looks where our own answer met it first.
        socket.allowHalfOpen = false;
        // The bytes that were looked at go back in front; the server reads them before the socket.
        if (firstBytes.length > 0) socket.unshift(firstBytes);
        server.emit('connection', socket);
      });
    },
  };
}

function askForCertificates({ caPem, crlPem, isRequired }: ClientCertificates): tls.TlsOptions {
  return { ca: caPem, ...(crlPem !== null && { crl: crlPem }), requestCert: true, rejectUnauthorized: isRequired };
}

function badCertificate(): ProxyError {
  return new ProxyError('CERTIFICATE_INVALID', 'the client showed no certificate that could be verified');
}

function isOfCertificate(error: NodeJS.ErrnoException, secure: tls.TLSSocket): boolean {
  // Null, whatever the types say, where nothing was wrong with one.
  const isUnverified = (secure.authorizationError as Error | null) !== null;
  return isUnverified || error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';
}

function take(waiting: Map<Socket, Waiting>, secure: tls.TLSSocket): Waiting | undefined {
  const found = waiting.get(plainOf(secure) ?? secure);
  if (!found) secure.destroy();
  return found;
}

/** The socket that it was made from: undocumented, unchanged since Node 0.12, and all that a lost connection still knows of itself. */
function plainOf(secure: tls.TLSSocket): Socket | undefined {
  return (secure as tls.TLSSocket & { _parent?: Socket })._parent;
}

/** An error of the connection is a client that left; one of OpenSSL's is a handshake that failed. */
function asFault(error: NodeJS.ErrnoException): ProxyError {
  const isLost = error.syscall !== undefined || error.code === 'ECONNRESET';
  if (isLost) return new ProxyError('CLIENT_GONE', 'the client was lost during the TLS handshake', { cause: error });
  return new ProxyError('HANDSHAKE_FAILED', 'the TLS handshake failed', { cause: error });
}
