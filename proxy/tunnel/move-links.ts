// Sockets between carriers, on which tunnels are moved: the addon makes them, and each event goes to whoever opened the link.

/** What the addon gives (proxy/native/links.ts). A link is never below 0; errors are negative errno values. */
export interface MoveLinkCalls {
  /** A name that is left over is taken over. */
  listen(path: string): number;
  /** Turns other users' processes away. */
  accept(listener: number): number;
  connect(path: string): number;
  /** Whether room to write is told too. */
  watch(link: number, isWritable: number): void;
  send(link: number, bytes: Buffer): number;
  /** The length of one message; 0 where the other side is gone. */
  receive(link: number, room: Buffer): number;
  close(link: number): void;
  /** EAGAIN and the like. */
  errorCode(errno: number): string;
}

// proxy/native/link-addon.c
const WRITABLE = 2;

/** Hears that something can be read, or what ended the link; and that there is room again, where that was asked for. */
export interface LinkOwner {
  linkReadable(link: number): void;
  linkWritable(link: number): void;
}

export class MoveLinks {
  readonly #calls: MoveLinkCalls;
  readonly #owners = new Map<number, LinkOwner>();

  /** `connect` makes the addon's half; it is given what to call. */
  constructor(connect: (onReady: (link: number, what: number) => void) => MoveLinkCalls) {
    this.#calls = connect((link, what) => {
      const owner = this.#owners.get(link);
      if (what & WRITABLE) owner?.linkWritable(link);
      if (what & ~WRITABLE && this.#owners.get(link) === owner) owner?.linkReadable(link);
    });
  }

  /** Each of these gives a link, or the error's code. */
  listen(path: string, owner: LinkOwner): number | string {
    return this.#owned(this.#calls.listen(path), owner);
  }

  accept(listener: number, owner: LinkOwner): number | string {
    return this.#owned(this.#calls.accept(listener), owner);
  }

  connect(path: string, owner: LinkOwner): number | string {
    return this.#owned(this.#calls.connect(path), owner);
  }

  watchWritable(link: number, isWatched: boolean): void {
    this.#calls.watch(link, isWatched ? 1 : 0);
  }

  /** Null where it is sent. */
  send(link: number, bytes: Buffer): string | null {
    return this.errorOf(this.#calls.send(link, bytes));
  }

  receive(link: number, room: Buffer): number {
    return this.#calls.receive(link, room);
  }

  close(link: number): void {
    if (this.#owners.delete(link)) this.#calls.close(link);
  }

  /** What a call gave that is no error has no code. */
  errorOf(result: number): string | null {
    return result < 0 ? this.#calls.errorCode(result) : null;
  }

  #owned(link: number, owner: LinkOwner): number | string {
    const error = this.errorOf(link);
    if (error !== null) return error;
    this.#owners.set(link, owner);
    return link;
  }
}
