import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { BindFailure, probeAddresses, renderHostPort, SlotSockets } from './listen-sockets.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

function connects(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => (socket.destroy(), resolve('connected')));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

test('a probe chooses ports where it is asked for port 0, all different, and lets go of them', async () => {
  const addresses = await probeAddresses([LOOPBACK, LOOPBACK, LOOPBACK]);
  const ports = addresses.map(({ port }) => port);
  assert.equal(new Set(ports).size, 3);
  assert.equal(ports.includes(0), false);
  for (const port of ports) assert.equal(await connects(port), 'ECONNREFUSED');
});

test('a port that somebody else shares is not free', async (t) => {
  const other = createServer().listen({ ...LOOPBACK, reusePort: true });
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(
    probeAddresses([{ host: '127.0.0.1', port }]),
    (error) => error instanceof BindFailure && error.message.includes(`127.0.0.1:${port}`),
  );
});

test('every address and a single one may share a port', async () => {
  const [all] = await probeAddresses([{ host: '0.0.0.0', port: 0 }]);
  const port = all?.port ?? 0;
  const listeners = [
    { host: '0.0.0.0', port },
    { host: '127.0.0.1', port },
    { host: '::', port },
  ];
  assert.deepEqual(await probeAddresses(listeners), listeners);
  const slots = [new SlotSockets(listeners), new SlotSockets(listeners)];
  assert.equal(new Set(slots.flatMap((slot) => slot.fds())).size, 6);
  for (const slot of slots) slot.close();
});

test('a bound socket takes no client before somebody listens on it', async () => {
  const [address] = await probeAddresses([LOOPBACK]);
  const slot = new SlotSockets(address ? [address] : []);
  assert.equal(await connects(address?.port ?? 0), 'ECONNREFUSED');
  slot.close();
});

test('where one listener cannot be bound, none stays bound', async () => {
  const [free] = await probeAddresses([LOOPBACK]);
  const elsewhere = { host: '203.0.113.9', port: 443 };
  assert.throws(() => new SlotSockets(free ? [free, elsewhere] : []), /203\.0\.113\.9:443: no interface/);
  await probeAddresses(free ? [free] : []);
});

test('addresses are written as a URL would', () => {
  assert.equal(renderHostPort({ host: '::1', port: 443 }), '[::1]:443');
  assert.equal(renderHostPort({ host: '127.0.0.1', port: 443 }), '127.0.0.1:443');
});
