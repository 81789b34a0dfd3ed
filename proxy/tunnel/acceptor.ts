// How connections come in: by Node's servers, or by the native front. Both on a socket that was inherited, or on a new one beside the others
// of the same port.

import net from 'node:net';
import type { Leg, Peer } from './leg.ts';
import type { NativeFront } from './native-front.ts';

export interface AcceptEvents {
  /** Paused, half-open allowed, without delay. */
  connection(socket: Leg & Peer): void;
  /** One of the connections is closed, whatever became of it. */
  closed(): void;
  error(error: Error): void;
}

export interface Acceptor {
  /** Takes over a bound descriptor. Both give a function that closes the listening socket, and reject where the system refuses. */
  inherit(fd: number, backlog: number, events: AcceptEvents): Promise<() => void>;
  join(address: { host: string; port: number; ipv6Only: boolean }, backlog: number, events: AcceptEvents): Promise<() => void>;
}

/** `highWaterMark` is asked at each accept: a configuration that changes is for the next connections. */
export function nodeAcceptor(highWaterMark: () => number): Acceptor {
  const start = (events: AcceptEvents, listen: (server: net.Server, listening: () => void) => void): Promise<() => void> => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    // Where Node's option of that name ends up, and what it gives to each socket.
    Object.defineProperty(server, 'highWaterMark', { get: highWaterMark });
    // One function for all of them: there are tens of thousands.
    const closed = (): void => events.closed();
    server.on('connection', (socket) => {
      socket.on('close', closed);
      events.connection(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      listen(server, () => {
        server.off('error', reject);
        server.on('error', (error) => events.error(error));
        resolve(() => server.close());
      });
    });
  };
  return {
    // `listen` takes the backlog beside the descriptor: as an option of its object Node does not look at it.
    inherit: (fd, backlog, events) => start(events, (server, listening) => server.listen({ fd }, backlog, listening)),
    join: (address, backlog, events) =>
      start(events, (server, listening) => server.listen({ ...address, backlog, reusePort: true }, listening)),
  };
}

export function nativeAcceptor(front: NativeFront): Acceptor {
  const start = (fd: number, isOurs: boolean, backlog: number, events: AcceptEvents): (() => void) =>
    front.listen(fd, { isOurs, backlog }, { accepted: events.connection, closed: events.closed, failed: events.error });
  return {
    inherit: async (fd, backlog, events) => start(fd, true, backlog, events),
    join: async (address, backlog, events) => {
      const bound = new net.BoundSocket({ ...address, reusePort: true });
      try {
        return start(bound.fd(), false, backlog, events);
      } finally {
        bound.close();
      }
    },
  };
}
