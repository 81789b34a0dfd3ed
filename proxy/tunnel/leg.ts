// A connection to one side of a session, as the stages use it: a Node stream, or a socket of the native front.

import type { Duplex } from 'node:stream';
import type { NativeSocket } from './native-socket.ts';

export type Leg = Duplex | NativeSocket;

/** What is known of an accepted connection; undefined where it is gone already. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}
