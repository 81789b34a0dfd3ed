// How a refusal leaves: written, finished, and then whatever the client still sends is thrown away for a moment. Closing at once would
// reset the client before it has read the answer.

import type { Cancel, Clock } from '../core/clock.ts';
import { LINGER_BYTES_MAX, LINGER_MS } from '../core/limits.ts';
import type { Leg } from './leg.ts';
import { own, type SocketOwner } from './owned-socket.ts';

/** Writes the last bytes of a connection and closes it; nothing that arrives after this is looked at. */
export function sayAndClose(socket: Leg, bytes: Buffer, clock: Clock): void {
  if (!socket.destroyed) new Lingering(socket, bytes, clock);
}

class Lingering implements SocketOwner {
  readonly #socket: Leg;
  readonly #cancel: Cancel;
  #discarded = 0;

  constructor(socket: Leg, bytes: Buffer, clock: Clock) {
    this.#socket = socket;
    this.#cancel = clock.after(LINGER_MS, () => this.socketEnd());
    own(socket, this);
    socket.end(bytes, () => {
      // The client finished first: there is nothing to wait for.
      if (socket.readableEnded) this.socketEnd();
    });
    socket.resume();
  }

  socketData(_socket: Leg, chunk: Buffer): void {
    this.#discarded += chunk.length;
    // What stays unread waits in the kernel: closing now would reset a client that still writes.
    if (this.#discarded > LINGER_BYTES_MAX) this.#socket.pause();
  }

  socketEnd(): void {
    this.#cancel();
    this.#socket.destroy();
  }

  socketError(): void {}

  socketClose(): void {
    this.#cancel();
  }
}
