// How connections come in, go out and are relayed: all natively, or all by Node.

import type { Settings } from './core/settings.ts';
import { createNativeTunnels, loadAddon } from './native/engine.ts';
import { createFrontCalls } from './native/front.ts';
import { nativeAcceptor, nodeAcceptor, type Acceptor } from './tunnel/acceptor.ts';
import { connectNative, connectStream, createDial, type Dial } from './tunnel/dial.ts';
import { NativeFront } from './tunnel/native-front.ts';
import { createNativeRelay, type NativeTunnels } from './tunnel/native-relay.ts';
import { createNodeRelay, highWaterMarkFor } from './tunnel/node-relay.ts';
import type { CoarseTime, RelayEngine } from './tunnel/relay.ts';

export interface Machinery {
  readonly acceptor: Acceptor;
  readonly dial: Dial;
  readonly engine: RelayEngine;
}

export interface MachineryOptions {
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  readonly time: CoarseTime;
  /** Hears what a connection's owner throws. */
  readonly onBug: (error: Error) => void;
  /** The native machinery did not start, and Node's is used. */
  readonly onFailed: (error: Error) => void;
}

export function createMachinery(settings: Settings, { descriptors, time, onBug, onFailed }: MachineryOptions): Machinery {
  const limits = { idleMs: settings.limits.idleMs, halfClosedMs: settings.timeouts.halfClosedMs };
  const highWaterMark = highWaterMarkFor(settings.limits.perTunnelBufferBytes);
  const engine = createNodeRelay(time, limits, highWaterMark);
  const byNode = { acceptor: nodeAcceptor(highWaterMark), dial: createDial(connectStream), engine };
  if (settings.relay !== 'native') return byNode;
  try {
    const addon = loadAddon();
    const front = new NativeFront((onEvents) => createFrontCalls(addon, descriptors, onEvents), onBug);
    // A tunnel takes two descriptors.
    const slots = Math.ceil(descriptors / 2);
    const bufferBytes = settings.limits.perTunnelBufferBytes;
    const connect = (onEnds: () => void): NativeTunnels =>
      createNativeTunnels(addon, front.self, { slots, bufferBytes, ...limits }, onEnds);
    return {
      acceptor: nativeAcceptor(front),
      dial: createDial(connectNative(front)),
      engine: createNativeRelay({ time, fallback: engine, onBug, connect }),
    };
  } catch (error) {
    // It loaded when the node started. A carrier that serves at a higher cost is better than one that does not start.
    onFailed(error as Error);
    return byNode;
  }
}
