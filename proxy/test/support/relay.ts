// A relay between real sockets on loopback. The node engine's time is a number that the test moves; the native one has the machine's.

import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import type { EndedBy } from '../../core/record.ts';
import type { RelayName } from '../../core/settings.ts';
import { buildAddon } from '../../native/build.ts';
import { createNativeTunnels, loadAddon } from '../../native/engine.ts';
import { createNativeRelay } from '../../tunnel/native-relay.ts';
import { createNodeRelay, highWaterMarkFor } from '../../tunnel/node-relay.ts';
import { own } from '../../tunnel/owned-socket.ts';
import type { CoarseTime, Relay, RelayEngine, RelayJob } from '../../tunnel/relay.ts';

export const KIB = 1_024;
export const IDLE_MS = 1_860_000;
export const HALF_CLOSED_MS = 60_000;
export const NOTHING = Buffer.alloc(0);

/** A connection over loopback: the end a relay holds, paused and without an owner as a door hands it over, and the far end. */
export async function connection(context: TestContext, highWaterMark: number): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  far.on('error', () => {});
  const [near] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  own(near, null);
  if (far.connecting) await once(far, 'connect');
  context.after(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

/** The engines that this machine has; loud where the native one is missing, and a failure where nothing may be skipped. */
export const ENGINES: readonly RelayName[] = (() => {
  const built = buildAddon(process.env['PATH']);
  if (built.ok) return ['node', 'native'];
  if (process.env['PINHOLE_NO_SKIPS']) throw new Error(`no native engine to test: ${built.why}`);
  process.stderr.write(`SKIPPED: the tests of the native relay engine: ${built.why}\n`);
  return ['node'];
})();

export function createEngine(kind: RelayName, time: CoarseTime, limits = { idleMs: IDLE_MS, halfClosedMs: HALF_CLOSED_MS }): RelayEngine {
  const node = createNodeRelay(time, limits);
  if (kind === 'node') return node;
  return createNativeRelay(node, time, (onEnds) => createNativeTunnels(loadAddon(), { slots: 64, ...limits }, onEnds));
}

export interface RelayHarness {
  readonly client: net.Socket;
  readonly upstream: net.Socket;
  readonly nearClient: net.Socket;
  readonly nearUpstream: net.Socket;
  readonly time: CoarseTime;
  readonly engine: RelayEngine;
  readonly relay: Relay;
  readonly ends: EndedBy[];
  readonly ended: Promise<EndedBy>;
}

export async function relayed(
  context: TestContext,
  job: Partial<RelayJob> = {},
  bufferBytes = 256 * KIB,
  kind: RelayName = 'node',
): Promise<RelayHarness> {
  const mark = highWaterMarkFor(bufferBytes);
  const [client, upstream] = [await connection(context, mark), await connection(context, mark)];
  const time: CoarseTime = { nowMs: 5_000_000 };
  const engine = createEngine(kind, time);
  const ends: EndedBy[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
  const relay = engine.start({
    client: client.near,
    upstream: upstream.near,
    toUpstream: NOTHING,
    toClient: NOTHING,
    sentUp: 0,
    sentDown: 0,
    ended: (by) => {
      ends.push(by);
      resolve(by);
    },
    ...job,
  });
  const sockets = { client: client.far, upstream: upstream.far, nearClient: client.near, nearUpstream: upstream.near };
  return { ...sockets, time, engine, relay, ends, ended };
}

/** The next bytes, `length` of them. */
export async function read(socket: net.Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    total += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** Looks at each turn of the loop until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** How a far end saw its connection end. */
export function endOf(socket: net.Socket): Promise<'fin' | 'reset'> {
  socket.resume();
  return new Promise((resolve) => {
    socket.once('end', () => resolve('fin'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNRESET' ? 'reset' : 'fin'));
  });
}
