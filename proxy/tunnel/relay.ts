// What every relay engine offers: it moves bytes between two connected sockets until one side or a limit ends it. It decides
// nothing, and it is handed its sockets only after every judgement has been made.

import type { EndedBy } from '../core/record.ts';
import type { RelayName } from '../core/settings.ts';
import type { Leg } from './leg.ts';

/** Knows whether, and how, a client can be told that its tunnel ends. */
export interface Farewell {
  /** Bytes have gone towards the client. */
  passed(bytes: Buffer): void;
  /** What may be said behind them; null where there is no place for it. */
  words(): Buffer | null;
}

export interface RelayJob {
  readonly client: Leg;
  readonly upstream: Leg;
  /** Bytes that were read before and have to go first. */
  readonly toUpstream: Buffer;
  readonly toClient: Buffer;
  /** Bytes of the tunnel that have gone already; the relay's counts begin with them. */
  readonly sentUp: number;
  readonly sentDown: number;
  /** None for a tunnel of bytes. */
  readonly farewell?: Farewell;
  /** Called once, when both sockets are closed. */
  ended(by: EndedBy): void;
}

export interface Relay {
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Milliseconds without a byte either way, to the second. */
  idleMs(): number;
  /** How it is moved to another process; null where it cannot be. */
  readonly movable: MovableRelay | null;
  /** Ends the tunnel for a reason that is not on the wire. A drain takes leave of whom it can: last words, and TLS's close_notify. */
  close(by: EndedBy): void;
  /**
   * Looks at the time: ends the tunnel where it has been idle, stuck or half-closed for too long. Called about once a second; none where the
   * engine looks itself.
   */
  sweep?(): void;
}

/** The tunnel waits to be sent; it cannot be moved now, and goes on; it has ended before it could be. */
export type ParkNews = 'parked' | 'stays' | 'ended';

/** A tunnel that can be moved (proxy/native/engine.h says in which order). Errors are negative errno values. */
export interface MovableRelay {
  /** Sent, and neither forgotten nor resumed: another process may have it already, and what is asked of it here may come too late. */
  readonly isSent: boolean;
  /** Stops the tunnel, so that it can be sent. Told once; nothing else may be asked before that. */
  park(told: (news: ParkNews) => void): void;
  /** Sends the parked tunnel with what is known of it; nothing is sent where it gives an error. */
  send(link: number, identity: Buffer): number;
  /** Another process has it: here it is gone, and no end is told. */
  forget(): void;
  /** It goes on here; what was asked of it meanwhile is done. */
  resume(): void;
}

/** Tunnels that come from another process. */
export interface RelayMoves {
  hasRoom(): boolean;
  /** Takes one from a link and holds it until it is adopted or discarded; what is known of it is put into `room`. Its length, or an error. */
  receive(link: number, room: Buffer): number;
  /** Runs what was received, held to these limits; null where it cannot be run, and is still held. */
  adopt(limits: RelayLimits, ended: (by: EndedBy) => void): Relay | null;
  /** Lets go of what was received without a word to its ends. */
  discard(): void;
}

export interface RelayEngine {
  readonly name: RelayName;
  /** Bytes moved since the start over all tunnels, the ended ones too. */
  readonly totals: { readonly bytesUp: number; readonly bytesDown: number };
  /** Tunnels whose client socket the engine has taken from Node: it holds that descriptor itself. */
  held(): number;
  start(job: RelayJob): Relay;
  /** What the tunnels that start are held to. */
  readonly limits: RelayLimits;
  /** The same engine, with the same totals, whose tunnels are held to these limits. Those that run keep theirs. */
  under(limits: RelayLimits): RelayEngine;
  /** Null where tunnels cannot come from another process. The same under all limits. */
  readonly moves: RelayMoves | null;
}

/** What a tunnel is held to from its start to its end. */
export interface RelayLimits {
  readonly idleMs: number;
  readonly halfClosedMs: number;
  /** What may wait in it, both directions together. */
  readonly bufferBytes: number;
}
