// What the table of real clients is made of: who comes, how it is driven, and what the node must have written about it.

import type { Door } from '../../core/settings.ts';
import type { LogLine } from './node-log.ts';
import type { Need } from './needs.ts';
import type { ClientWorld } from './client-world.ts';

/** Where a client is sent: to the node, or to a stranger in its place. */
export interface Spot {
  readonly host: string;
  readonly port: number;
}

export interface ClientCase {
  /** The program, and what it does. */
  readonly who: string;
  readonly door: Door;
  readonly needs?: readonly Need[];
  /** Throws unless the client got through `spot` what it came for. */
  run(world: ClientWorld, spot: Spot): Promise<void>;
  /** One entry for each connection that the client opens: fields of its decision line. */
  readonly leaves: readonly LogLine[];
  /** A client that keeps a connection in reserve: then its `close` line is not waited for. */
  readonly lingers?: true;
}

export interface RefusedCase {
  readonly who: string;
  readonly door: Door;
  readonly needs?: readonly Need[];
  /** Gives back everything that the client told its user; throws if it was let through. */
  run(world: ClientWorld, spot: Spot): Promise<string>;
  readonly shows: RegExp;
  /** Fields of the decision line; a client that comes back at once leaves more of the same. */
  readonly leaves: LogLine;
}
