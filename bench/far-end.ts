// What AWS IoT is in a run whose connections are counted: takes them, notes when, and sends everything back.

import { once } from 'node:events';
import net from 'node:net';
import { freePort } from './ports.ts';

export class FarEnd {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #cameMs: number[] = [];
  /** IP:PORT. */
  readonly at: string;

  private constructor(server: net.Server, at: string) {
    this.#server = server;
    this.at = at;
    server.on('connection', (socket) => this.#take(socket));
  }

  static async start(address: string): Promise<FarEnd> {
    const port = await freePort(address);
    const server = net.createServer({ noDelay: true });
    server.listen({ host: address, port, backlog: 4_096 });
    await once(server, 'listening');
    return new FarEnd(server, `${address}:${port}`);
  }

  /** When connections came, since this was asked before. */
  cameMs(): readonly number[] {
    const came = this.#cameMs;
    this.#cameMs = [];
    return came;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(socket: net.Socket): void {
    this.#cameMs.push(performance.now());
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A node that is stopped at the end resets what is still open.
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  }
}
