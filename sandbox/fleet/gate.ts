// The way from one node to AWS: a relay on loopback that can be cut and mended, so that AWS is away for that node and there for the others.

import { BoundSocket, connect, createServer, type Server, type Socket } from 'node:net';
import { HOST } from '../world/ports.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export class Gate {
  readonly port: number;
  readonly #target: Target;
  /** Never listens: while the way is cut, nobody who asks for any free port is given this one. */
  readonly #place: BoundSocket;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor(target: Target) {
    this.#target = target;
    this.#place = new BoundSocket({ host: HOST, port: 0, reusePort: true });
    this.port = this.#place.address().port;
  }

  static async open(target: Target): Promise<Gate> {
    const gate = new Gate(target);
    await gate.mend();
    return gate;
  }

  /** What is open breaks, and who dials is refused. */
  cut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  async mend(): Promise<void> {
    this.#server ??= await listen(this.port, (socket) => this.#relay(socket));
  }

  /** For good: the port is free. */
  close(): void {
    this.cut();
    this.#place.close();
  }

  #relay(near: Socket): void {
    const far = connect({ ...this.#target, noDelay: true, allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.on('error', () => socket.destroy());
      socket.pipe(other);
    }
  }
}

function listen(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: HOST, port, reusePort: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** All the ways of one node. */
export interface Gates {
  readonly wss: Gate;
  readonly https: Gate;
  readonly mqtt: Gate;
  readonly credentials: Gate;
}

export async function openGates(targets: { readonly [name in keyof Gates]: Target }): Promise<Gates> {
  return {
    wss: await Gate.open(targets.wss),
    https: await Gate.open(targets.https),
    mqtt: await Gate.open(targets.mqtt),
    credentials: await Gate.open(targets.credentials),
  };
}

export function cutAll(gates: Gates): void {
  for (const gate of Object.values(gates) as Gate[]) gate.cut();
}

export function closeAll(gates: Gates): void {
  for (const gate of Object.values(gates) as Gate[]) gate.close();
}

export async function mendAll(gates: Gates): Promise<void> {
  await Promise.all((Object.values(gates) as Gate[]).map((gate) => gate.mend()));
}
