import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { nodeAcceptor } from './acceptor.ts';

test('each socket has the mark of the moment in which it was accepted', async (context) => {
  let mark = 1;
  const accepted: net.Socket[] = [];
  const events = { connection: (socket: unknown) => void accepted.push(socket as net.Socket), closed: () => {}, error: assert.fail };
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = bound.address() as net.AddressInfo;
  const close = await nodeAcceptor(() => mark).inherit(bound.fd(), 8, events);
  context.after(close);
  for (const next of [1, 200_000, 70_000]) {
    mark = next;
    const client = net.connect({ port, host: '127.0.0.1' });
    context.after(() => client.destroy());
    await once(client, 'connect');
    while (accepted.at(-1)?.remotePort !== client.localPort) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(
    accepted.map((socket) => [socket.readableHighWaterMark, socket.writableHighWaterMark]),
    [
      [1, 1],
      [200_000, 200_000],
      [70_000, 70_000],
    ],
  );
  for (const socket of accepted) socket.destroy();
});
