// The node's listening sockets: one SO_REUSEPORT socket per listener and carrier slot, bound here and listened on by the carrier. A socket
// that nobody has listened on yet is in no queue, so no client waits for a carrier that is still starting.

import { BoundSocket, createServer, isIPv4, isIPv6 } from 'node:net';
import type { Server } from 'node:net';
import type { HostPort } from './plan.ts';

/** An address that cannot be bound, in words for whoever started the node. */
export class BindFailure extends Error {
  override readonly name = 'BindFailure';
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use by another program',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE, or a lower net.ipv4.ip_unprivileged_port_start',
  EADDRNOTAVAIL: 'no interface of this machine has this address',
};

export function renderHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Listens on every address once, alone, and lets go again: SO_REUSEPORT would share a port silently with another program of the same user.
 * Gives back the addresses with port 0 resolved. One at a time, since one listener may be on every address and another on a single one.
 */
export async function probeAddresses<T extends HostPort>(addresses: readonly T[]): Promise<T[]> {
  // Where the kernel chose the port it is held, so that it is not chosen twice.
  const held: Server[] = [];
  const resolved: T[] = [];
  try {
    for (const address of addresses) {
      const server = await probe(address, needsIpv6Only(address, addresses));
      resolved.push({ ...address, port: portOf(server) });
      if (address.port === 0) held.push(server);
      else await closed(server);
    }
    return resolved;
  } finally {
    await Promise.all(held.map(closed));
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function probe(address: HostPort, ipv6Only: boolean): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(bindFailure(address, error)));
    server.listen({ host: address.host, port: address.port, exclusive: true, ipv6Only, backlog: 1 }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a probe listens on a port');
  return address.port;
}

function bindFailure(address: HostPort, error: NodeJS.ErrnoException): BindFailure {
  const why = EXPLANATIONS[error.code ?? ''] ?? error.message;
  return new BindFailure(`cannot listen on ${renderHostPort(address)}: ${why}`, { cause: error });
}

/** `[::]:443` serves IPv4 too, unless the file also lists an IPv4 address with that port. */
function needsIpv6Only(address: HostPort, all: readonly HostPort[]): boolean {
  return isIPv6(address.host) && all.some((other) => isIPv4(other.host) && other.port === address.port);
}

/** One carrier slot's sockets, one per listener in the file's order. */
export class SlotSockets {
  readonly #sockets: readonly BoundSocket[];

  /** Throws a BindFailure; nothing stays bound then. */
  constructor(listeners: readonly HostPort[]) {
    const sockets: BoundSocket[] = [];
    try {
      for (const listener of listeners) sockets.push(bind(listener, needsIpv6Only(listener, listeners)));
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
    this.#sockets = sockets;
  }

  fds(): number[] {
    return this.#sockets.map((socket) => socket.fd());
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

function bind(listener: HostPort, ipv6Only: boolean): BoundSocket {
  try {
    return new BoundSocket({ host: listener.host, port: listener.port, reusePort: true, ipv6Only });
  } catch (error) {
    throw bindFailure(listener, error as NodeJS.ErrnoException);
  }
}
