/** Relays that map `name:port` to a local port: real clients dial the real names, and nothing leaves the machine. */

import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { AwsIot } from '../../start.ts';

export interface Relay {
  readonly port: number;
  stop(): Promise<void>;
}

/** An HTTP proxy: `CONNECT name:port`. */
export function startRelay(aws: AwsIot): Promise<Relay> {
  const server = createHttpServer().on('connect', (request, stream, head) => {
    const client = stream as Socket;
    const port = localPort(aws, request.url ?? '');
    if (port === undefined) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    join(client, port, 'HTTP/1.1 200 Connection established\r\n\r\n', head);
  });
  return listen(server);
}

/** A SOCKS5 proxy (RFC 1928) without authentication and for names only: the one kind that the mosquitto clients know. */
export function startSocksRelay(aws: AwsIot): Promise<Relay> {
  const server = createTcpServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const length = request[4] ?? 0;
        const name = `${request.toString('latin1', 5, 5 + length)}:${request.readUInt16BE(5 + length)}`;
        const port = request[3] === 3 ? localPort(aws, name) : undefined;
        if (port === undefined) return void client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
        join(client, port, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.alloc(0));
      });
    });
  });
  return listen(server);
}

function localPort(aws: AwsIot, name: string): number | undefined {
  const ports: Record<string, number> = {
    [`${aws.data.host}:443`]: aws.data.wssPort,
    [`${aws.data.host}:8883`]: aws.data.mqttPort,
    [`${aws.data.host}:8443`]: aws.data.httpsPort,
    [`${aws.credentials.host}:443`]: aws.credentials.port,
  };
  return ports[name];
}

function join(client: Socket, port: number, answer: string | Buffer, head: Buffer): void {
  const upstream = connect(port, '127.0.0.1', () => client.write(answer));
  upstream.on('error', () => client.destroy());
  client.on('error', () => upstream.destroy());
  upstream.once('close', () => client.destroy());
  client.once('close', () => upstream.destroy());
  upstream.write(head);
  client.pipe(upstream).pipe(client);
}

async function listen(server: Server): Promise<Relay> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
