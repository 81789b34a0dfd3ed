// Gives this carrier's tunnels to another one: parks each, sends it, and forgets it once it is taken (proxy/native/engine.h). Few of them stand
// still at once. What cannot be moved goes on here, and why is counted.
//
// The link is never closed here while an answer is missing: whoever at the other end finds it closed may take it that this process is dead.
// Nor does a missing answer time out: a carrier that hangs is killed by its supervisor, and then the link says so.

import { MOVE_WINDOW } from '../core/limits.ts';
import { FINAL_REASONS, type MoveView, type StayReason } from '../core/move.ts';
import type { EndedBy } from '../core/record.ts';
import type { LinkOwner, MoveLinks } from './move-links.ts';
import { readAnswer, writeIdentity, type MovedSession } from './move-message.ts';
import type { MovableRelay } from './relay.ts';

/** An answer is a word. */
const ANSWER_BYTES_MAX = 64;

/** What is asked of a session (tunnel/session.ts). */
export interface Candidate {
  readonly movable: MovableRelay | StayReason;
  readonly abortedBy: EndedBy | null;
  identity(): MovedSession;
  movedAway(): void;
}

interface Parked {
  readonly session: Candidate;
  readonly relay: MovableRelay;
}

export interface MoveSenderOptions {
  readonly to: number;
  readonly path: string;
  readonly sessions: { all(): Iterator<Candidate> };
  /** Null where this carrier has nothing that can be moved. */
  readonly links: MoveLinks | null;
  /** Called once. */
  over(view: MoveView): void;
}

export class MoveSender implements LinkOwner {
  readonly #options: MoveSenderOptions;
  /** Those that were open when the move began: the next one takes others. */
  readonly #candidates: Iterator<Candidate>;
  readonly #room = Buffer.alloc(ANSWER_BYTES_MAX);
  readonly #stayed = new Map<StayReason, number>();
  /** Asked to wait, waiting to be sent, and waiting for an answer. */
  #parking = 0;
  readonly #parked: Parked[] = [];
  readonly #sent: Parked[] = [];
  #link: number | null = null;
  #halted: StayReason | null = null;
  #moved = 0;
  #isOver = false;

  constructor(options: MoveSenderOptions) {
    this.#options = options;
    this.#candidates = options.sessions.all();
  }

  start(): void {
    const link = this.#options.links?.connect(this.#options.path, this) ?? 'none';
    if (typeof link === 'number') this.#link = link;
    else this.#halted = 'no-receiver';
    this.#goOn();
  }

  /** Parks no more; what was sent already is waited for. */
  stop(): void {
    this.#halted ??= 'stopping';
    this.#goOn();
  }

  view(): MoveView {
    const onTheWay = this.#parking + this.#parked.length + this.#sent.length;
    return { to: this.#options.to, isOver: this.#isOver, moved: this.#moved, onTheWay, stayed: Object.fromEntries(this.#stayed) };
  }

  linkReadable(link: number): void {
    const { links } = this.#options;
    for (;;) {
      const got = links?.receive(link, this.#room) ?? 0;
      if (got > 0) this.#answered(readAnswer(this.#room.subarray(0, got)));
      else if (links?.errorOf(got) === 'EAGAIN') break;
      else {
        this.#lost();
        break;
      }
    }
    this.#goOn();
  }

  linkWritable(link: number): void {
    this.#options.links?.watchWritable(link, false);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isOver) return;
    this.#sendParked();
    const isThrough = this.#parkSome();
    const { onTheWay } = this.view();
    if (!isThrough || onTheWay > 0) return;
    this.#isOver = true;
    if (this.#link !== null) this.#options.links?.close(this.#link);
    this.#link = null;
    this.#options.over(this.view());
  }

  /** True where every candidate has been looked at. */
  #parkSome(): boolean {
    while (this.#parking + this.#parked.length + this.#sent.length < MOVE_WINDOW) {
      const { value: session, done } = this.#candidates.next();
      if (done) return true;
      const relay = session.movable;
      if (typeof relay === 'string') this.#stays(relay);
      else if (this.#halted) this.#stays(this.#halted);
      else this.#park({ session, relay });
    }
    return false;
  }

  #park(tunnel: Parked): void {
    this.#parking += 1;
    tunnel.relay.park((news) => {
      this.#parking -= 1;
      if (news === 'parked') this.#parked.push(tunnel);
      else this.#stays('ending');
      this.#goOn();
    });
  }

  #sendParked(): void {
    for (let next = this.#parked[0]; next; next = this.#parked[0]) {
      const why = this.#send(next);
      if (why === 'later') return;
      this.#parked.shift();
      if (why === null) this.#sent.push(next);
      else this.#goesOnHere(next, why);
    }
  }

  #send({ session, relay }: Parked): StayReason | 'later' | null {
    if (this.#halted || this.#link === null) return this.#halted ?? 'no-receiver';
    // Somebody told it to close meanwhile.
    if (session.abortedBy !== null) return 'ending';
    const identity = writeIdentity(session.identity());
    if (!identity) return 'unsendable';
    const error = this.#options.links?.errorOf(relay.send(this.#link, identity)) ?? null;
    if (error === 'EAGAIN') {
      this.#options.links?.watchWritable(this.#link, true);
      return 'later';
    }
    // The kernel lets no user have more descriptors on their way than it may have open: each answer makes room.
    if (error === 'ETOOMANYREFS' && this.#sent.length > 0) return 'later';
    // Whoever is gone says so on the link, behind the answers that it has given.
    if (error === 'EPIPE' || error === 'ECONNRESET') return 'no-receiver';
    return error === null ? null : 'unsendable';
  }

  #answered(why: StayReason | null): void {
    const tunnel = this.#sent.shift();
    if (!tunnel) return;
    if (why !== null) return this.#goesOnHere(tunnel, why);
    this.#moved += 1;
    tunnel.session.movedAway();
    tunnel.relay.forget();
  }

  /** The other side is gone, and what it has not answered it has not taken. */
  #lost(): void {
    if (this.#link !== null) this.#options.links?.close(this.#link);
    this.#link = null;
    this.#halted ??= 'no-receiver';
    for (const tunnel of this.#sent.splice(0)) this.#goesOnHere(tunnel, 'no-receiver');
  }

  #goesOnHere({ relay }: Parked, why: StayReason): void {
    relay.resume();
    this.#stays(why);
    if (FINAL_REASONS.has(why)) this.#halted ??= why;
  }

  #stays(why: StayReason): void {
    this.#stayed.set(why, (this.#stayed.get(why) ?? 0) + 1);
  }
}
