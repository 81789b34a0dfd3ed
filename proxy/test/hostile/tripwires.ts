// Listeners on every address that no session may ever reach. They answer nothing; a single connection is a defect.

import { once } from 'node:events';
import net from 'node:net';

export interface Tripwires {
  /** `ADDRESS:PORT from ADDRESS:PORT`, in the order in which they came. */
  readonly hits: readonly string[];
  close(): void;
}

export async function layTripwires(addresses: readonly string[], ports: readonly number[]): Promise<Tripwires> {
  const hits: string[] = [];
  const servers: net.Server[] = [];
  for (const host of addresses) {
    for (const port of ports) {
      const server = net.createServer((socket) => {
        hits.push(`${host}:${port} from ${socket.remoteAddress}:${socket.remotePort}`);
        socket.on('error', () => {});
        socket.destroy();
      });
      servers.push(server);
      server.listen({ host, port, ipv6Only: true });
      await once(server, 'listening');
    }
  }
  return {
    hits,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
