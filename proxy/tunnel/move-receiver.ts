// Takes tunnels over from another carrier. To each message there is one answer, and only behind that is the tunnel read here; what cannot be
// taken stays with its sender. A sender that is found gone is dead (move-sender.ts), and then its tunnels live here or nowhere.

import { MOVE_IDENTITY_BYTES_MAX, MOVE_SENDERS_MAX } from '../core/limits.ts';
import type { StayReason } from '../core/move.ts';
import type { LinkOwner, MoveLinks } from './move-links.ts';
import { readIdentity, writeAnswer, type MovedSession } from './move-message.ts';
import type { PlaneSource } from './plane.ts';
import type { RelayMoves } from './relay.ts';
import { Session } from './session.ts';

/** Messages in one turn of the event loop. */
const MESSAGES_MAX = 16;
/** Texts that moved tunnels have in common. */
const SHARED_MAX = 4_096;

export interface Taken {
  readonly taken: number;
  readonly refused: number;
}

export interface MoveReceiverOptions {
  /** A tunnel that comes goes on as new ones would. */
  readonly planes: PlaneSource;
  readonly links: MoveLinks;
  readonly moves: RelayMoves;
  readonly path: string;
  /** A sender has closed its link, or died. */
  over(taken: Taken): void;
}

export class MoveReceiver implements LinkOwner {
  readonly #options: MoveReceiverOptions;
  readonly #senders = new Map<number, { taken: number; refused: number }>();
  readonly #room = Buffer.alloc(MOVE_IDENTITY_BYTES_MAX);
  readonly #shared = new Map<string, string>();
  #listener: number | null = null;

  constructor(options: MoveReceiverOptions) {
    this.#options = options;
  }

  /** Throws where it cannot listen. */
  start(): void {
    const { links, path } = this.#options;
    const listener = links.listen(path, { linkReadable: (ready) => this.#accept(ready), linkWritable: () => {} });
    if (typeof listener === 'string') throw new Error(`${path}: ${listener}`);
    this.#listener = listener;
  }

  /** Takes no more; what was not answered stays with its sender. */
  stop(): void {
    if (this.#listener !== null) this.#options.links.close(this.#listener);
    this.#listener = null;
    for (const link of [...this.#senders.keys()]) this.#close(link);
  }

  linkWritable(): void {}

  linkReadable(link: number): void {
    const { moves, links } = this.#options;
    for (let messages = 0; messages < MESSAGES_MAX && this.#senders.has(link); messages += 1) {
      const got = moves.receive(link, this.#room);
      const error = links.errorOf(got);
      if (error === 'EAGAIN') return;
      // Told once, where the sender died with answers unread: its messages come behind that.
      if (error === 'ECONNRESET') continue;
      if (error === 'EPROTO') this.#answer(link, 'unreadable');
      else if (got > 0)
        this.#take(
          link,
          readIdentity(this.#room.subarray(0, got), (text) => this.#share(text)),
        );
      else {
        // Out of memory, or what came before is still held, by a bug: nothing has been answered.
        if (got < 0) moves.discard();
        this.#close(link);
      }
    }
  }

  #accept(listener: number): void {
    const { links } = this.#options;
    const link = links.accept(listener, this);
    if (link === 'EAGAIN' || link === 'EPERM') return;
    // Out of descriptors: whoever waits there would be a reason to ask again without end, and its tunnels stand still. This sends it away.
    if (typeof link === 'string') {
      links.close(listener);
      this.#listener = null;
      this.start();
    } else if (this.#senders.size >= MOVE_SENDERS_MAX) links.close(link);
    else this.#senders.set(link, { taken: 0, refused: 0 });
  }

  #take(link: number, moved: MovedSession | null): void {
    const { moves } = this.#options;
    const plane = this.#options.planes.current;
    const counted = moved?.record.tenant ? (plane.tenants.current?.placeOf(moved.record.tenant) ?? null) : null;
    const why = moved === null ? 'version' : !moves.hasRoom() || !plane.limits.movedHere(counted) ? 'full' : null;
    if (moved === null || why !== null) {
      moves.discard();
      return void this.#answer(link, why);
    }
    if (this.#answer(link, null)) return Session.moved(plane, moved).goOn(moves, counted);
    plane.limits.closed(counted);
    moves.discard();
  }

  /** False where the sender lives and does not know it: then it keeps the tunnel, and all that come behind. */
  #answer(link: number, why: StayReason | null): boolean {
    const error = this.#options.links.send(link, writeAnswer(why));
    const isKnown = error === null || error === 'EPIPE' || error === 'ECONNRESET';
    const counts = this.#senders.get(link);
    if (counts) counts[isKnown && why === null ? 'taken' : 'refused'] += 1;
    if (!isKnown) this.#close(link);
    return isKnown;
  }

  #close(link: number): void {
    const counts = this.#senders.get(link);
    if (!counts) return;
    this.#senders.delete(link);
    this.#options.links.close(link);
    this.#options.over(counts);
  }

  #share(text: string): string {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    if (this.#shared.size < SHARED_MAX) this.#shared.set(text, text);
    return text;
  }
}
