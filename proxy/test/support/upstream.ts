import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';

export interface Upstream {
  readonly port: number;
  readonly connections: net.Socket[];
  close(): Promise<void>;
}

/** A server on loopback whose every connection is given to `serve`; all of them are ended with it. */
export async function startUpstream(serve: (socket: net.Socket) => void): Promise<Upstream> {
  return listen(net.createServer({ allowHalfOpen: true }, serve));
}

export function echo(socket: net.Socket): void {
  socket.on('error', () => {});
  socket.pipe(socket);
}

export async function startTlsUpstream(
  certificate: { certPem: string; keyPem: string },
  serve: (socket: net.Socket) => void,
): Promise<Upstream> {
  return listen(tls.createServer({ cert: certificate.certPem, key: certificate.keyPem }, serve));
}

async function listen(server: net.Server): Promise<Upstream> {
  const connections: net.Socket[] = [];
  server.on('connection', (socket: net.Socket) => {
    socket.on('error', () => {});
    connections.push(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    connections,
    close: async () => {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
