// How connections come in, go out and are relayed: all natively, or all by Node.

import type { Clock } from './core/clock.ts';
import type { Settings } from './core/settings.ts';
import { createNativeTunnels, loadAddon } from './native/engine.ts';
import { createFrontCalls } from './native/front.ts';
import { createLinkCalls } from './native/links.ts';
import { nativeAcceptor, nodeAcceptor, type Acceptor } from './tunnel/acceptor.ts';
import { connectNative, connectStream, createDial, type Dial } from './tunnel/dial.ts';
import { MoveLinks } from './tunnel/move-links.ts';
import { NativeFront } from './tunnel/native-front.ts';
import { createNativeRelay, type NativeTunnels } from './tunnel/native-relay.ts';
import { createNodeRelay } from './tunnel/node-relay.ts';
import type { RelayEngine, RelayLimits } from './tunnel/relay.ts';

/** Made once for a process; what of it depends on settings that change is asked for anew. */
export interface Machinery {
  readonly acceptor: Acceptor;
  readonly dial: Dial;
  engineFor(settings: Pick<Settings, 'limits' | 'timeouts'>): RelayEngine;
  /** What tunnels are moved on to other carriers; null where none can be. */
  readonly links: MoveLinks | null;
}

/** Half of the places that a front has (FRONT_PLACES_MAX): where a process may open a milliard of files, that is no reason to make room for them. */
const SLOTS_MAX = 2 ** 19;

export interface MachineryOptions {
  /** Descriptors this process may hold. */
  readonly descriptors: number;
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  /** For the sockets that are accepted next. */
  readonly highWaterMark: () => number;
  /** Hears what a connection's owner throws. */
  readonly onBug: (error: Error) => void;
  /** The native machinery did not start, and Node's is used. */
  readonly onFailed: (error: Error) => void;
}

export function createMachinery(settings: Settings, options: MachineryOptions): Machinery {
  const { descriptors, clock, highWaterMark, onBug, onFailed } = options;
  const limits = limitsOf(settings);
  const engine = createNodeRelay(clock, limits);
  const byNode = {
    acceptor: nodeAcceptor(highWaterMark),
    dial: createDial(connectStream),
    engineFor: underThoseOf(engine),
    links: null,
  };
  if (settings.relay !== 'native') return byNode;
  try {
    const addon = loadAddon();
    const front = new NativeFront((onEvents) => createFrontCalls(addon, descriptors, onEvents), onBug);
    const connect = (onEnds: () => void): NativeTunnels =>
      createNativeTunnels(addon, front.self, { slots: slotsFor(descriptors), limits }, onEnds);
    return {
      acceptor: nativeAcceptor(front),
      dial: createDial(connectNative(front)),
      engineFor: underThoseOf(createNativeRelay({ clock, limits, fallback: engine, onBug, connect })),
      links: new MoveLinks((onReady) => createLinkCalls(addon, onReady)),
    };
  } catch (error) {
    // It loaded when the node started. A carrier that serves at a higher cost is better than one that does not start.
    onFailed(error as Error);
    return byNode;
  }
}

/** Tunnels for which a process that may hold so many descriptors makes room: each takes two, and two of the front's places. */
export function slotsFor(descriptors: number): number {
  return Math.min(SLOTS_MAX, Math.ceil(descriptors / 2));
}

function underThoseOf(engine: RelayEngine): Machinery['engineFor'] {
  return (settings) => engine.under(limitsOf(settings));
}

function limitsOf({ limits, timeouts }: Pick<Settings, 'limits' | 'timeouts'>): RelayLimits {
  return { idleMs: limits.idleMs, halfClosedMs: timeouts.halfClosedMs, bufferBytes: limits.perTunnelBufferBytes };
}
