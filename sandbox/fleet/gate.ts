// The way from one node to AWS: a relay on loopback that can be cut and mended, so that AWS is away for that node and there for the others.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HOST } from '../world/ports.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** While a way is cut its port is free, and another program may take it for a moment. */
const LISTEN_TRIES = 50;
const LISTEN_AGAIN_MS = 100;

export class Gate {
  readonly port: number;
  readonly #target: Target;
  readonly #sockets = new Set<Socket>();
  #server: Server | null;

  private constructor(target: Target, server: Server) {
    this.#target = target;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => this.#relay(socket));
  }

  static async open(target: Target): Promise<Gate> {
    return new Gate(target, await listen(0));
  }

  /** What is open breaks, and who dials is refused. */
  cut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  async mend(): Promise<void> {
    if (this.#server !== null) return;
    for (let tries = 1; ; tries += 1) {
      try {
        this.#server = await listen(this.port);
        this.#server.on('connection', (socket: Socket) => this.#relay(socket));
        return;
      } catch (error) {
        if (tries === LISTEN_TRIES) throw error;
        await delay(LISTEN_AGAIN_MS);
      }
    }
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

function listen(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: HOST, port }, () => {
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

export async function mendAll(gates: Gates): Promise<void> {
  await Promise.all((Object.values(gates) as Gate[]).map((gate) => gate.mend()));
}
