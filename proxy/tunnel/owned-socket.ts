// A socket's events go to whoever owns it now. The listeners are put on once and are the same functions for every socket: a tunnel's
// life is many hand-overs, and each would otherwise add and remove a handful of closures on both legs.

import type { Duplex } from 'node:stream';
import type { Leg } from './leg.ts';
import { NativeSocket } from './native-socket.ts';

export interface SocketOwner {
  socketData(socket: Leg, chunk: Buffer): void;
  socketEnd(socket: Leg): void;
  socketError(socket: Leg, error: NodeJS.ErrnoException): void;
  socketClose(socket: Leg): void;
}

const OWNER = Symbol('owner');
type Owned = Duplex & { [OWNER]?: SocketOwner | null };

/**
 * Gives the socket to this owner; the one before hears nothing any more. An error without an owner is swallowed: a socket without a
 * listener for it would end the process at the first reset (CVE-2025-59465 was one).
 */
export function own(socket: Leg, owner: SocketOwner | null): void {
  if (socket instanceof NativeSocket) {
    socket.owner = owner;
    return;
  }
  const owned = socket as Owned;
  const isNew = owned[OWNER] === undefined;
  owned[OWNER] = owner;
  if (!isNew) return;
  // Before the listener for data, which would start the stream: its owner says when.
  socket.pause();
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('error', onError);
  socket.on('close', onClose);
}

export function isOwnedBy(socket: Leg, owner: SocketOwner): boolean {
  return socket instanceof NativeSocket ? socket.owner === owner : (socket as Owned)[OWNER] === owner;
}

/** For bytes of a socket that is read without `data` events (tunnel/dial.ts). */
export function handData(socket: Duplex, chunk: Buffer): void {
  (socket as Owned)[OWNER]?.socketData(socket, chunk);
}

function onData(this: Owned, chunk: Buffer): void {
  this[OWNER]?.socketData(this, chunk);
}

function onEnd(this: Owned): void {
  this[OWNER]?.socketEnd(this);
}

function onError(this: Owned, error: NodeJS.ErrnoException): void {
  this[OWNER]?.socketError(this, error);
}

function onClose(this: Owned): void {
  this[OWNER]?.socketClose(this);
}
