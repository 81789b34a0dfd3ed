// How a refusal leaves: written, finished, and then whatever the client still sends is thrown away for a moment. Closing at once would
// reset the client before it has read the answer.

import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { LINGER_BYTES_MAX, LINGER_MS } from '../core/limits.ts';

/** Writes the last bytes of a connection and closes it; nothing that arrives after this is looked at. */
export function sayAndClose(socket: Duplex, bytes: Buffer, clock: Clock): void {
  if (socket.destroyed) return;
  let discarded = 0;
  const close = (): void => {
    cancel();
    socket.destroy();
  };
  const cancel = clock.after(LINGER_MS, close);
  socket.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    // What stays unread waits in the kernel: closing now would reset a client that still writes.
    if (discarded > LINGER_BYTES_MAX) socket.pause();
  });
  socket.once('end', close);
  socket.once('close', cancel);
  socket.end(bytes, () => {
    // The client finished first: there is nothing to wait for.
    if (socket.readableEnded) close();
  });
  socket.resume();
}
