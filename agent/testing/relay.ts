// A small proxy for the agent's tests: a CONNECT relay that answers with what the test says, or relays to where the test says.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

export interface Relay {
  readonly port: number;
  /** Every request head that came, in order. */
  readonly heads: readonly string[];
  close(): Promise<void>;
}

/** What to do with a connection whose head was read: write an answer, or relay to a port of loopback. */
export type Behaviour = (head: string) => { readonly answer: string } | { readonly relayTo: number } | 'nothing';

export async function startRelay(behave: Behaviour, heads: string[] = []): Promise<Relay> {
  const relay = await startServer((client) => serveConnect(client, behave, heads));
  return { ...relay, heads };
}

export function serveConnect(client: Duplex, behave: Behaviour, heads: string[]): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    client.off('data', onData);
    client.pause();
    const text = head.toString('latin1', 0, end + 4);
    heads.push(text);
    const action = behave(text);
    if (action === 'nothing') return;
    if ('answer' in action) client.end(action.answer);
    else joinTo(client, action.relayTo, head.subarray(end + 4));
  };
  client.on('data', onData);
}

function joinTo(client: Duplex, port: number, early: Buffer): void {
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => client.destroy());
  upstream.on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.write(ESTABLISHED);
  upstream.write(early);
  client.pipe(upstream).pipe(client);
}

/** A server on a free port of loopback; closing it ends its connections. */
export async function startServer(onConnection: (client: Socket) => void): Promise<Relay> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  const port = await listen(server);
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return { port, heads: [], close };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
