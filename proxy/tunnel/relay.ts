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
  /** Ends the tunnel for a reason that is not on the wire. A drain takes leave of whom it can: last words, and TLS's close_notify. */
  close(by: EndedBy): void;
  /** Looks at the time: ends the tunnel where it has been idle, stuck or half-closed for too long. Called about once a second. */
  sweep(): void;
}

export interface RelayEngine {
  readonly name: RelayName;
  /** Bytes moved since the start over all tunnels, the ended ones too. */
  readonly totals: { readonly bytesUp: number; readonly bytesDown: number };
  /** Tunnels whose client socket the engine has taken from Node: it holds that descriptor itself. */
  held(): number;
  start(job: RelayJob): Relay;
  /** The same engine, with the same totals, whose tunnels are held to these limits. Those that run keep theirs. */
  under(limits: RelayLimits): RelayEngine;
}

/** What a tunnel is held to from its start to its end. */
export interface RelayLimits {
  readonly idleMs: number;
  readonly halfClosedMs: number;
  /** What may wait in it, both directions together. */
  readonly bufferBytes: number;
}

/** A clock that is read once a second, since a tunnel's last activity does not need to be known better. */
export interface CoarseTime {
  nowMs: number;
}
