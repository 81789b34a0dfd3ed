// The native relay engine as the data plane calls it.

import { NO_PROGRESS_MS } from '../core/limits.ts';
import type { FrontSelf } from '../tunnel/native-front.ts';
import type { MoveLinkCalls } from '../tunnel/move-links.ts';
import type { NativeMoveCalls, NativeTunnels, RelayLimits } from '../tunnel/native-relay.ts';
import { addonFile } from './build.ts';

export interface Addon {
  create(
    front: FrontSelf,
    slots: number,
    chunkBytes: number,
    idleMs: number,
    halfClosedMs: number,
    noProgressMs: number,
    onEnds: () => void,
  ): {
    readonly stats: ArrayBuffer;
    start(slot: number, client: number, upstream: number, up: Buffer, down: Buffer, sentUp: number, sentDown: number): number;
    limit(chunkBytes: number, idleMs: number, halfClosedMs: number): void;
    close(slot: number, endedBy: number): void;
    ends(most: number): readonly number[];
  } & NativeMoveCalls;
  createFront(
    ids: number,
    keepAliveIdleS: number,
    keepAliveIntervalS: number,
    keepAliveCount: number,
    onEvents: (count: number) => void,
  ): {
    readonly self: FrontSelf;
    readonly events: ArrayBuffer;
    readonly room: ArrayBuffer;
    listen(descriptor: number, isOurs: number, backlog: number): number;
    connect(address: string, port: number): number;
    read(id: number, on: number): void;
    write(id: number, bytes: Buffer): number;
    finish(id: number): void;
    close(id: number): void;
    unsent(id: number): Buffer;
    release(id: number): number;
  };
  createLinks(onReady: (link: number, what: number) => void): Omit<MoveLinkCalls, 'errorCode'>;
}

/** One read of the engine, and what it holds at most in each direction (proxy/native/engine.h ENGINE_CHUNK_BYTES_MAX). */
const CHUNK_BYTES_MAX = 64 * 1_024;

export interface NativeOptions {
  readonly slots: number;
  readonly limits: RelayLimits;
  readonly noProgressMs?: number;
}

/** Throws where the file is no addon for this machine. */
export function loadAddon(file = addonFile()): Addon {
  const loaded = { exports: {} as Addon };
  process.dlopen(loaded, file);
  return loaded.exports;
}

/** An engine with its thread, for at most `slots` tunnels of the front's connections. `onEnds` is called when `ends` has something to give. */
export function createNativeTunnels(addon: Addon, front: FrontSelf, options: NativeOptions, onEnds: () => void): NativeTunnels {
  const { slots, limits, noProgressMs = NO_PROGRESS_MS } = options;
  const engine = addon.create(front, slots, chunkBytesOf(limits), limits.idleMs, limits.halfClosedMs, noProgressMs, onEnds);
  const { start, limit, close, ends, ...move } = engine;
  return {
    slots,
    stats: new Float64Array(engine.stats),
    start,
    limit: (next) => limit(chunkBytesOf(next), next.idleMs, next.halfClosedMs),
    close,
    ends,
    move,
  };
}

function chunkBytesOf({ bufferBytes }: RelayLimits): number {
  return Math.min(CHUNK_BYTES_MAX, Math.floor(bufferBytes / 2));
}
