/**
 * One TLS port: looks at the hello, refuses a name that is not the endpoint's, and hands the connection to the route that
 * its ALPN chooses. Each route is a TLS server of its own, since only some ask for a client certificate.
 *
 * Guide, "MQTT": "Connection attempts that don't include the SNI are refused". ("Transport security" has since softened
 * this to "highly recommended"; the stand-in keeps to the stricter page: what works here then works there.)
 */

import { constants } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { endSoon } from '../end-soon.ts';
import { type ClientHello, parseClientHello } from './client-hello.ts';

export interface Route {
  /** Picks the connections of this route. */
  takes(hello: ClientHello): boolean;
  readonly alpn: readonly string[];
  readonly asksForCertificate: boolean;
  /** Called once, with the handshake done. Owns the socket from then on. */
  serve(socket: TLSSocket): void;
}

export interface FrontOptions {
  /** For the log: `data 443`, `credentials`. */
  readonly name: string;
  readonly host: string;
  readonly endpoint: string;
  readonly certificate: string;
  readonly key: string;
  readonly routes: readonly Route[];
  readonly handshakeTimeoutMs: number;
  readonly log: (line: string) => void;
}

export interface Front {
  readonly port: number;
  connections(): number;
  stop(): Promise<void>;
}

/** RFC 8446 section 6: fatal alerts, in clear as nothing has been agreed yet. */
const ALERTS = { decode_error: 50, unrecognized_name: 112, no_application_protocol: 120 } as const;

export async function startFront(options: FrontOptions): Promise<Front> {
  const sockets = new Set<Socket>();
  const routes = options.routes.map((route) => ({ route, server: createRouteServer(route, options) }));

  const server = createTcpServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that resets is no news; without a listener it would end the process.
    socket.on('error', () => socket.destroy());
    readHello(socket, options, (hello) => {
      const chosen = routes.find(({ route }) => route.takes(hello));
      if (!chosen) return refuse(socket, 'no_application_protocol', `ALPN ${hello.alpn.join(', ') || 'none'}`, options);
      chosen.server.emit('connection', socket);
    });
  });
  server.on('error', (error) => options.log(`${options.name}: ${error.message}`));
  await listen(server, options.host);

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A server that never listens: it is fed with sockets whose hello has been read. */
function createRouteServer(route: Route, options: FrontOptions) {
  const server = createTlsServer(
    {
      cert: options.certificate,
      key: options.key,
      ALPNProtocols: [...route.alpn],
      requestCert: route.asksForCertificate,
      // AWS IoT knows certificates, not authorities: who is known is decided by the registry, after the handshake.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: options.handshakeTimeoutMs,
      // "Transport security": the SessionTicket extension is not supported, so that each connect is a full handshake.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    },
    (socket) => {
      socket.on('error', () => socket.destroy());
      try {
        route.serve(socket);
      } catch (error) {
        options.log(`${options.name}: ${String(error)}`);
        socket.destroy();
      }
    },
  );
  server.on('tlsClientError', (error, socket) => {
    options.log(`${options.name}: handshake failed: ${error.message}`);
    socket.destroy();
  });
  server.on('error', (error) => options.log(`${options.name}: ${error.message}`));
  return server;
}

function readHello(socket: Socket, options: FrontOptions, onHello: (hello: ClientHello) => void): void {
  let received: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), options.handshakeTimeoutMs);
  const onData = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const result = parseClientHello(received);
    if (result.kind === 'more') return;
    done();
    if (result.kind === 'malformed') return refuse(socket, 'decode_error', 'not a ClientHello', options);
    if (result.serverName !== options.endpoint) {
      return refuse(socket, 'unrecognized_name', `server name ${JSON.stringify(result.serverName ?? null)}`, options);
    }
    socket.pause();
    socket.unshift(received);
    onHello(result);
  };
  const done = () => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('close', done);
  };
  const onEnd = () => socket.destroy();
  socket.on('data', onData);
  socket.once('end', onEnd);
  socket.once('close', done);
  socket.resume();
}

function refuse(socket: Socket, alert: keyof typeof ALERTS, why: string, options: FrontOptions): void {
  options.log(`${options.name}: refused before the handshake: ${why}`);
  endSoon(socket, Buffer.from([21, 3, 3, 0, 2, 2, ALERTS[alert]]));
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
