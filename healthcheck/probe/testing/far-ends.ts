// What the probe meets, made small: an endpoint of AWS IoT (TLS, and 403 to whoever does not sign), and a proxy that answers CONNECT as it is told.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { makeCertificate } from '../../../proxy/test/support/certificate.ts';
import type { OwnPlace } from '../contract.ts';
import { HOST } from './job.ts';

const NAMES = ['proxy.example.com', 'gw.example.com'];
export const ENDPOINT_CERTIFICATE = makeCertificate([HOST]);
export const PROXY_CERTIFICATE = makeCertificate(NAMES);
export const [PROXY_NAME = '', GATEWAY_NAME = ''] = NAMES;

async function listen(t: TestContext, server: Server | TlsServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

export interface Endpoint {
  readonly port: number;
  /** Handshakes that were done, and those that the probe broke off. */
  readonly seen: { done: number; failed: number };
}

export async function startEndpoint(t: TestContext, certificate = ENDPOINT_CERTIFICATE): Promise<Endpoint> {
  const seen = { done: 0, failed: 0 };
  const server = createTlsServer({ cert: certificate.certPem, key: certificate.keyPem }, (socket) => {
    seen.done += 1;
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => (seen.failed += 1));
  return { port: await listen(t, server), seen };
}

/** What the proxy says to a head: a text to write, or the port that the tunnel leads to. */
export type Say = (head: string) => string | number;

/** Over TLS where `certificate` is given. */
export async function startProxy(t: TestContext, say: Say, certificate: typeof PROXY_CERTIFICATE | null = null): Promise<OwnPlace> {
  const serve = (socket: Socket | TLSSocket): void => {
    socket.on('error', () => {});
    let head = '';
    socket.on('data', function hear(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', hear);
      const said = say(head);
      if (typeof said === 'string') return void socket.end(said);
      const upstream = connect(said, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
  };
  const server = certificate
    ? createTlsServer({ cert: certificate.certPem, key: certificate.keyPem, ALPNProtocols: ['http/1.1'] }, serve)
    : createServer(serve);
  return { address: '127.0.0.1', port: await listen(t, server), wantsProxyHeader: false };
}
