/** What the tests of bad input share: a stand-in, and a client that must not notice anything. */

import assert from 'node:assert/strict';
import { connect as tcpConnect, createServer, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Limits } from '../../limits.ts';
import { startWorld, until, type World } from './harness.ts';
import { open } from './packets.ts';
import type { RawMqtt } from './raw-mqtt.ts';

export interface HostileWorld extends World {
  readonly witness: RawMqtt;
  readonly ports: readonly number[];
  /** The client that was there before is served, and nobody else is left. */
  assertUnharmed(): Promise<void>;
}

/** With AWS's own timeouts unless told otherwise: only a test that waits for them needs short ones. */
export async function startHostileWorld(limits: Partial<Limits> = {}): Promise<HostileWorld> {
  const world = await startWorld({ limits: { outboundBytesMax: 262_144, ...limits } });
  const witness = await open(world, { clientId: 'test-witness' });
  const { aws, lines } = world;
  return {
    ...world,
    witness,
    ports: [aws.data.wssPort, aws.data.mqttPort, aws.data.httpsPort, aws.credentials.port],
    async assertUnharmed() {
      witness.send({ cmd: 'pingreq' });
      await witness.next('pingresp');
      await until('all other sockets are gone', () => aws.counts().sockets === 1);
      await until('all other clients are gone', () => aws.counts().clients === 1);
      const surprises = lines.filter((line) => line.includes('unexpected'));
      assert.deepEqual(surprises, []);
    },
    async stop() {
      witness.socket.destroy();
      await world.stop();
    },
  };
}

export async function tcp(port: number): Promise<Socket> {
  const socket = tcpConnect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

export function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once('close', () => resolve());
    socket.resume();
  });
}

/** A real ClientHello for a name. */
export async function captureHello(servername: string): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const captured = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => socket.once('data', (bytes: Buffer) => resolve(bytes)).on('error', () => {}));
  });
  const client = tlsConnect({ host: '127.0.0.1', port, servername });
  client.on('error', () => {});
  const hello = await captured;
  client.destroy();
  server.close();
  return hello;
}

/** Random numbers with a seed, so that a failure can be repeated. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
