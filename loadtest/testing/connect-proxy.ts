// A CONNECT proxy that leads every target to one far end, refuses as many as it is told, and can hold back and drop what it holds.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export class ConnectProxy {
  readonly #server: Server;
  readonly #tunnels = new Map<Socket, { readonly far: Socket; partsDown: number }>();
  /** The status lines of the next refusals, and the fields under them. */
  readonly refusals: string[] = [];
  readonly targets: string[] = [];

  private constructor(server: Server, to: number) {
    this.#server = server;
    server.on('connect', (request, client: Socket) => {
      this.targets.push(request.url ?? '');
      client.on('error', () => {});
      const refusal = this.refusals.shift();
      if (refusal !== undefined) return void client.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
      const far = connect(to, '127.0.0.1');
      const tunnel = { far, partsDown: 0 };
      far.on('data', () => (tunnel.partsDown += 1));
      far.on('error', () => client.destroy());
      far.on('close', () => client.destroy());
      client.on('close', () => far.destroy());
      client.on('close', () => this.#tunnels.delete(client));
      this.#tunnels.set(client, tunnel);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(far).pipe(client);
    });
  }

  static async start(context: TestContext, to: number): Promise<ConnectProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new ConnectProxy(server, to);
    context.after(() => {
      server.close();
      proxy.drop(Infinity);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** How many answers to pings came through each tunnel that stands. An upgrade and a CONNACK are before them, and come by themselves. */
  get pongs(): number[] {
    return [...this.#tunnels.values()].map(({ partsDown }) => Math.max(0, partsDown - 2));
  }

  drop(count: number): void {
    for (const client of [...this.#tunnels.keys()].slice(0, count)) {
      this.#tunnels.delete(client);
      client.destroy();
    }
  }

  /** From now on nothing comes back through the tunnels that there are. */
  stall(): void {
    for (const { far } of this.#tunnels.values()) far.pause();
  }
}
