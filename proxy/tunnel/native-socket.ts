// A TCP connection of the native front: what the stages need of a socket, and nothing else, since one is made for each leg of each tunnel.
// It begins paused, holds no byte that it has read, and tells its owner what happens.

import { Socket, type SocketConstructorOpts } from 'node:net';
import type { FrontCalls } from './native-front.ts';
import type { SocketOwner } from './owned-socket.ts';

export class NativeSocket {
  /** What the front calls it; below 0 where it never was one. */
  readonly id: number;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  localAddress: string | undefined;
  localPort: number | undefined;
  /** Who hears its events now; set by `own`. */
  owner: SocketOwner | null = null;
  /** Called once the connection is dialled. */
  onConnect: (() => void) | null = null;
  destroyed = false;
  readableEnded = false;
  readonly #front: FrontCalls;
  readonly #closed: (() => void) | null;
  #isWaiting = false;
  #isFinished = false;
  #flushed: (() => void) | null = null;

  /** `closed` is told when the connection is, also where it became a stream meanwhile. */
  constructor(front: FrontCalls, id: number, far: { readonly address: string; readonly port: number } | null, closed: (() => void) | null) {
    this.#front = front;
    this.id = id;
    this.remoteAddress = far?.address;
    this.remotePort = far?.port;
    this.#closed = closed;
  }

  /** Bytes wait for the kernel. */
  get writableLength(): number {
    return this.#isWaiting ? 1 : 0;
  }

  resume(): void {
    if (!this.destroyed) this.#front.read(this.id, true);
  }

  pause(): void {
    if (!this.destroyed) this.#front.read(this.id, false);
  }

  write(bytes: Buffer): void {
    if (!this.destroyed && bytes.length > 0) this.#isWaiting = this.#front.write(this.id, bytes);
  }

  /** Writes the last bytes and finishes; `flushed` is called when they are with the kernel. */
  end(bytes: Buffer, flushed: () => void): void {
    this.write(bytes);
    this.#isFinished = true;
    this.#flushed = flushed;
    if (this.destroyed) return;
    this.#front.finish(this.id);
    if (!this.#isWaiting) queueMicrotask(() => this.drained());
  }

  destroy(): void {
    this.#close();
  }

  /** The engine has taken the connection over: nothing more is heard of it here. */
  handedOver(): void {
    this.destroyed = true;
    this.owner = null;
    this.#closed?.();
  }

  /** Takes the connection over as a Node stream, for TLS; nothing of it is left here. One that is closed gives a closed stream. */
  toStream(highWaterMark: number): Socket {
    // Its id may be another connection's by now.
    if (this.destroyed) return new Socket().destroy();
    const unsent = this.#isWaiting ? this.#front.unsent(this.id) : null;
    this.destroyed = true;
    this.owner = null;
    const fd = this.#front.release(this.id);
    // `manualStart` leaves reading to whoever takes it over: Node's own option, missing from its types.
    const options = { fd, allowHalfOpen: true, highWaterMark, manualStart: true };
    const stream = new Socket(options as SocketConstructorOpts);
    if (this.#closed) stream.once('close', this.#closed);
    if (unsent) stream.write(unsent);
    return stream;
  }

  // ---- called by the front

  connected(address: string, port: number): void {
    this.localAddress = address;
    this.localPort = port;
    this.onConnect?.();
    this.onConnect = null;
  }

  ended(): void {
    this.readableEnded = true;
    this.owner?.socketEnd(this);
    if (this.#isFinished && !this.#isWaiting) this.#close();
  }

  failed(error: NodeJS.ErrnoException): void {
    this.owner?.socketError(this, error);
    this.#close();
  }

  drained(): void {
    // Something else may have been written since.
    this.#isWaiting = !this.destroyed && this.#front.unsent(this.id).length > 0;
    if (this.#isWaiting) return;
    const flushed = this.#flushed;
    this.#flushed = null;
    flushed?.();
    if (this.#isFinished && this.readableEnded) this.#close();
  }

  #close(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#front.close(this.id);
    // Later, as a stream does: whoever destroys it is not called back in the middle.
    queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const { owner } = this;
    this.owner = null;
    owner?.socketClose(this);
    this.#closed?.();
  }
}
