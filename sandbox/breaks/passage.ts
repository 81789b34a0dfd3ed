// A middle box: listens at an address of the site, leads to the proxy, and does to what passes whatever its behaviour says.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { HOST } from '../world/ports.ts';

/** One connection through the box. */
export interface Passage {
  readonly near: Socket;
  readonly far: Socket;
  /** Says this to the client in place of the proxy, and closes. */
  answer(bytes: string): void;
  /** As a firewall that has forgotten the connection does. */
  reset(): void;
}

/** What comes, to what goes on; null swallows it. */
export interface Behaviour {
  readonly fromClient?: (chunk: Buffer) => Buffer | null;
  readonly fromProxy?: (chunk: Buffer) => Buffer | null;
}

export type Behave = (passage: Passage) => Behaviour;

export interface Box {
  stop(): Promise<void>;
}

export async function startBox(at: { readonly host: string; readonly port: number }, proxyPort: number, behave: Behave): Promise<Box> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: HOST, port: proxyPort, noDelay: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    join(near, far, behave);
  });
  server.listen(at);
  await once(server, 'listening');
  return {
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join(near: Socket, far: Socket, behave: Behave): void {
  const { fromClient = keep, fromProxy = keep } = behave({
    near,
    far,
    answer: (bytes) => void near.end(Buffer.from(bytes, 'latin1')),
    reset: () => near.resetAndDestroy(),
  });
  near.on('data', (chunk: Buffer) => {
    const passed = fromClient(chunk);
    if (passed !== null) far.write(passed);
  });
  far.on('data', (chunk: Buffer) => {
    const passed = fromProxy(chunk);
    if (passed !== null) near.write(passed);
  });
  near.on('end', () => far.end());
  far.on('end', () => near.end());
}

function keep(chunk: Buffer): Buffer {
  return chunk;
}

export const passAll: Behave = () => ({});
