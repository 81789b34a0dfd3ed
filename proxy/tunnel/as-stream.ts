// Where a socket of the native front has to become one of Node's: TLS is Node's, and so is the engine that relays it.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Leg } from './leg.ts';
import { NativeSocket } from './native-socket.ts';

/** The connection as a Node stream. A socket of the native front is gone behind it. */
export function asStream(leg: Leg, highWaterMark: number): Duplex {
  return leg instanceof NativeSocket ? leg.toStream(highWaterMark) : leg;
}

/** The same of a leg that is plain TCP by the place where it stands. */
export function asSocket(leg: Leg, highWaterMark: number): Socket {
  const stream = asStream(leg, highWaterMark);
  if (stream instanceof Socket) return stream;
  throw new Error('a plain connection is a socket');
}
