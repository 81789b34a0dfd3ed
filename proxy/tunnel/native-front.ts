// The carrier's plain TCP connections without Node's sockets: many events come in one call, and each goes to the connection it is about.

import type { SocketAddress } from '../core/address.ts';
import { NativeSocket } from './native-socket.ts';

/** The front as the addon's engine knows it; nothing for JavaScript to look into. */
export type FrontSelf = object & { readonly front?: never };

/** What the addon gives (proxy/native/front.ts). An id is never below 0; errors are negative errno values. */
export interface FrontCalls {
  /** What an engine is given to take connections over. */
  readonly self: FrontSelf;
  /** The events, eighteen words each, and the same memory as text. */
  readonly words: Int32Array;
  readonly texts: Buffer;
  /** The bytes that came with them; overwritten by the next events. */
  readonly room: Buffer;
  /** Takes the descriptor over, or a duplicate of it. */
  listen(descriptor: number, isOurs: boolean, backlog: number): number;
  connect(address: string, port: number): number;
  read(id: number, on: boolean): void;
  /** True where some of it waits. */
  write(id: number, bytes: Buffer): boolean;
  finish(id: number): void;
  close(id: number): void;
  unsent(id: number): Buffer;
  release(id: number): number;
  /** ECONNREFUSED and the like. */
  errorCode(errno: number): string;
}

// proxy/native/front.h: front_kind, and the words of a front_event.
const KIND = { accepted: 0, acceptFailed: 1, connected: 2, data: 3, end: 4, failed: 5, drained: 6 } as const;
const WORDS = 18;
const TEXT_AT = 24;
// The part of an id that is a place: a small number, which has one connection at a time.
const PLACE = 0xf_ffff;

export interface NativeListener {
  readonly accepted: (socket: NativeSocket) => void;
  /** The connection is closed, whatever became of it. */
  readonly closed: () => void;
  /** The process has no descriptor left; the listener goes on asking until it is closed. */
  readonly failed: (error: Error) => void;
}

export class NativeFront {
  readonly #calls: FrontCalls;
  readonly #sockets: (NativeSocket | undefined)[] = [];
  readonly #listeners = new Map<number, NativeListener>();

  readonly #onBug: (error: Error) => void;

  /** `connect` makes the addon's front; it is given what to call with the number of events. `onBug` hears what an owner throws. */
  constructor(connect: (onEvents: (count: number) => void) => FrontCalls, onBug: (error: Error) => void) {
    this.#onBug = onBug;
    this.#calls = connect((count) => this.#heard(count));
  }

  get self(): FrontSelf {
    return this.#calls.self;
  }

  /** Listens on a bound descriptor, which is taken over where it is ours; the returned function closes it. Throws where the system refuses. */
  listen(descriptor: number, how: { readonly isOurs: boolean; readonly backlog: number }, listener: NativeListener): () => void {
    const id = this.#calls.listen(descriptor, how.isOurs, how.backlog);
    if (id < 0) throw this.#error(-id);
    this.#listeners.set(id, listener);
    return () => {
      if (!this.#listeners.has(id)) return;
      this.#calls.close(id);
      // What it has accepted already, in the batch that is being heard now, is served.
      queueMicrotask(() => this.#listeners.delete(id));
    };
  }

  /** A connection under way; its `onConnect` or its owner hears what comes of it. */
  connect(to: SocketAddress): NativeSocket {
    const id = this.#calls.connect(to.address, to.port);
    const socket = new NativeSocket(this.#calls, id, null, null);
    if (id >= 0) this.#sockets[id & PLACE] = socket;
    else queueMicrotask(() => socket.failed(this.#error(-id)));
    return socket;
  }

  #heard(count: number): void {
    const { words } = this.#calls;
    for (let at = 0; at < count * WORDS; at += WORDS) {
      try {
        this.#hand(words[at] ?? -1, words[at + 1] ?? -1, at);
      } catch (error) {
        // A bug of one session's: the others' events are in this batch too, and are told once only.
        this.#onBug(error as Error);
      }
    }
  }

  #hand(kind: number, id: number, at: number): void {
    if (kind === KIND.accepted) this.#accepted(id, at);
    else if (kind === KIND.acceptFailed) this.#listeners.get(id)?.failed(this.#error(this.#calls.words[at + 4] ?? 0));
    else this.#happened(kind, id, at);
  }

  #accepted(id: number, at: number): void {
    const { words } = this.#calls;
    const listener = this.#listeners.get(words[at + 2] ?? -1);
    if (!listener) return this.#calls.close(id);
    const far = { address: this.#text(at), port: words[at + 4] ?? 0 };
    const socket = new NativeSocket(this.#calls, id, far, listener.closed);
    this.#sockets[id & PLACE] = socket;
    listener.accepted(socket);
  }

  #happened(kind: number, id: number, at: number): void {
    const { words, room } = this.#calls;
    const socket = this.#sockets[id & PLACE];
    // Closed by what an earlier event of this batch brought about.
    if (!socket || socket.id !== id || socket.destroyed) return;
    if (kind === KIND.data) {
      const start = words[at + 2] ?? 0;
      socket.owner?.socketData(socket, Buffer.from(room.subarray(start, start + (words[at + 3] ?? 0))));
    } else if (kind === KIND.connected) socket.connected(this.#text(at), words[at + 4] ?? 0);
    else if (kind === KIND.end) socket.ended();
    else if (kind === KIND.drained) socket.drained();
    else socket.failed(this.#error(words[at + 4] ?? 0));
  }

  #text(at: number): string {
    const start = at * 4 + TEXT_AT;
    return this.#calls.texts.toString('latin1', start, start + (this.#calls.words[at + 5] ?? 0));
  }

  #error(errno: number): NodeJS.ErrnoException {
    const code = this.#calls.errorCode(errno);
    return Object.assign(new Error(code), { code });
  }
}
