// The front of the native engine as the data plane calls it.

import { getSystemErrorName } from 'node:util';
import { KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES } from '../core/limits.ts';
import type { FrontCalls } from '../tunnel/native-front.ts';
import type { Addon } from './engine.ts';

/** `ids` is how many descriptors the process may hold. `onEvents` is called with the number of events that are in the memory now. */
export function createFrontCalls(addon: Addon, ids: number, onEvents: (count: number) => void): FrontCalls {
  const front = addon.createFront(ids, KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES, onEvents);
  return {
    self: front.self,
    words: new Int32Array(front.events),
    texts: Buffer.from(front.events),
    room: Buffer.from(front.room),
    listen: (descriptor, isOurs, backlog) => front.listen(descriptor, isOurs ? 1 : 0, backlog),
    connect: front.connect,
    read: (id, on) => front.read(id, on ? 1 : 0),
    write: (id, bytes) => front.write(id, bytes) === 1,
    finish: front.finish,
    close: front.close,
    unsent: front.unsent,
    release: front.release,
    errorCode: (errno) => getSystemErrorName(-errno),
  };
}
