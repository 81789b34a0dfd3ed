// The site's own proxy, which HTTPS_PROXY names: whatever is asked for, it leads to the sandbox's proxy.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { HOST } from '../world/ports.ts';
import type { Box } from './passage.ts';

export async function startSiteProxy(proxyPort: number): Promise<Box & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', (_request, near, early) => {
    const far = connect({ host: HOST, port: proxyPort });
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    far.once('close', () => near.destroy());
    near.once('close', () => far.destroy());
    near.write('HTTP/1.1 200 Connection established\r\n\r\n');
    far.write(early);
    near.pipe(far).pipe(near);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
