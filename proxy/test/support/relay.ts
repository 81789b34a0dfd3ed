// A relay between real sockets on loopback. The node engine's time is a number that the test moves; the native one has the machine's.

import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import type { EndedBy } from '../../core/record.ts';
import type { RelayName } from '../../core/settings.ts';
import { buildAddon } from '../../native/build.ts';
import { createNativeTunnels, loadAddon } from '../../native/engine.ts';
import { createFrontCalls } from '../../native/front.ts';
import { asSocket } from '../../tunnel/as-stream.ts';
import { connectStream } from '../../tunnel/dial.ts';
import type { Leg } from '../../tunnel/leg.ts';
import { NativeFront } from '../../tunnel/native-front.ts';
import { createNativeRelay } from '../../tunnel/native-relay.ts';
import type { NativeSocket } from '../../tunnel/native-socket.ts';
import { createNodeRelay, highWaterMarkFor } from '../../tunnel/node-relay.ts';
import { own, type SocketOwner } from '../../tunnel/owned-socket.ts';
import type { Relay, RelayEngine, RelayJob, RelayLimits } from '../../tunnel/relay.ts';

export const KIB = 1_024;
export const IDLE_MS = 1_860_000;
export const HALF_CLOSED_MS = 60_000;
export const NOTHING = Buffer.alloc(0);

/** The engines that this machine has; loud where the native one is missing, and a failure where nothing may be skipped. */
export const ENGINES: readonly RelayName[] = (() => {
  const built = buildAddon(process.env['PATH']);
  if (built.ok) return ['node', 'native'];
  if (process.env['PINHOLE_NO_SKIPS']) throw new Error(`no native engine to test: ${built.why}`);
  process.stderr.write(`SKIPPED: the tests of the native relay engine: ${built.why}\n`);
  return ['node'];
})();

/** A connection over loopback: the end a relay holds, paused and without an owner as a door hands it over, and the far end. */
export interface Ends<Near extends Leg = Leg> {
  readonly near: Near;
  readonly far: net.Socket;
}

export interface Rig {
  readonly engine: RelayEngine;
  /** Ends of the kind that the engine's doors have, and of the kind that it dials. */
  connection(context: TestContext, highWaterMark: number): Promise<Ends>;
  dialled(context: TestContext, highWaterMark: number): Promise<Ends>;
}

export const LIMITS: RelayLimits = { idleMs: IDLE_MS, halfClosedMs: HALF_CLOSED_MS, bufferBytes: 256 * KIB };

export interface RigOptions extends Partial<RelayLimits> {
  readonly slots?: number;
  readonly noProgressMs?: number;
}

export function createRig(kind: RelayName, time: { nowMs: number }, { slots = 64, noProgressMs, ...changes }: RigOptions = {}): Rig {
  const limits = { ...LIMITS, ...changes };
  const clock = { nowMs: () => time.nowMs, after: systemClock.after };
  const node = createNodeRelay(clock, limits);
  if (kind === 'node') return { engine: node, connection: nodeConnection, dialled: nodeDialled };
  const addon = loadAddon();
  const front = new NativeFront((onEvents) => createFrontCalls(addon, 1_000, onEvents), fail);
  const engine = createNativeRelay({
    clock,
    limits,
    fallback: node,
    onBug: fail,
    connect: (onEnds) => createNativeTunnels(addon, front.self, { slots, limits, ...(noProgressMs && { noProgressMs }) }, onEnds),
  });
  const connection = (context: TestContext): Promise<Ends> => nativeConnection(context, front);
  return { engine, connection, dialled: connection };
}

function fail(error: Error): never {
  throw error;
}

async function nodeConnection(context: TestContext, highWaterMark: number): Promise<Ends<net.Socket>> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const far = await farEnd(server.address() as net.AddressInfo);
  const [near] = await accepted;
  server.close();
  return owned(context, { near, far });
}

/** As the connect seam makes them. */
async function nodeDialled(context: TestContext, highWaterMark: number): Promise<Ends<net.Socket>> {
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const { port, address } = server.address() as net.AddressInfo;
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const near = asSocket(connectStream({ address, port }, highWaterMark, NOBODY, resolve), highWaterMark);
  const [[far]] = await Promise.all([accepted, connected]);
  far.on('error', () => {});
  server.close();
  return owned(context, { near, far });
}

const NOBODY: SocketOwner = { socketData: () => {}, socketEnd: () => {}, socketError: () => {}, socketClose: () => {} };

export async function nativeConnection(context: TestContext, front: NativeFront): Promise<Ends<NativeSocket>> {
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const { promise: accepted, resolve } = Promise.withResolvers<NativeSocket>();
  const close = front.listen(bound.fd(), { isOurs: false, backlog: 8 }, { accepted: resolve, closed: () => {}, failed: fail });
  const far = await farEnd(bound.address() as net.AddressInfo);
  const near = await accepted;
  close();
  bound.close();
  return owned(context, { near, far });
}

async function farEnd({ port, address }: net.AddressInfo): Promise<net.Socket> {
  const far = net.connect({ port, host: address, allowHalfOpen: true });
  far.on('error', () => {});
  await once(far, 'connect');
  return far;
}

function owned<Near extends Leg>(context: TestContext, ends: Ends<Near>): Ends<Near> {
  own(ends.near, null);
  context.after(() => {
    ends.near.destroy();
    ends.far.destroy();
  });
  return ends;
}

export interface RelayHarness {
  readonly client: net.Socket;
  readonly upstream: net.Socket;
  readonly time: { nowMs: number };
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
  const time = { nowMs: 5_000_000 };
  const rig = createRig(kind, time);
  const mark = highWaterMarkFor(bufferBytes);
  const sides = { client: await rig.connection(context, mark), upstream: await rig.dialled(context, mark) };
  return { ...startRelay(rig.engine, sides, job), time };
}

/** A tunnel of the node engine, and the sockets that it holds. */
export async function relayedByNode(
  context: TestContext,
  bufferBytes = 256 * KIB,
): Promise<RelayHarness & { readonly nearClient: net.Socket; readonly nearUpstream: net.Socket }> {
  const time = { nowMs: 5_000_000 };
  const mark = highWaterMarkFor(bufferBytes);
  const sides = { client: await nodeConnection(context, mark), upstream: await nodeDialled(context, mark) };
  const started = startRelay(createNodeRelay({ nowMs: () => time.nowMs }, LIMITS), sides);
  return { ...started, time, nearClient: sides.client.near, nearUpstream: sides.upstream.near };
}

export function startRelay(
  engine: RelayEngine,
  sides: { readonly client: Ends; readonly upstream: Ends },
  job: Partial<RelayJob> = {},
): Omit<RelayHarness, 'time'> {
  const ends: EndedBy[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
  const relay = engine.start({
    client: sides.client.near,
    upstream: sides.upstream.near,
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
  return { client: sides.client.far, upstream: sides.upstream.far, engine, relay, ends, ended };
}

/** That the near end has had a FIN, or is closed. */
export function nearEnd(near: Leg): Promise<void> {
  return new Promise((resolve) => {
    own(near, { socketData: () => {}, socketEnd: () => resolve(), socketError: () => {}, socketClose: () => resolve() });
  });
}

/** The next bytes, `length` of them. */
export function read(socket: net.Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let total = 0;
    // It stays until all are there: of chunks that come in one turn, those to which nobody listens are lost.
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      total += chunk.length;
      if (total < length) return;
      socket.off('data', onData);
      socket.off('error', reject);
      resolve(Buffer.concat(chunks));
    };
    socket.on('data', onData);
    socket.once('error', reject);
  });
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
