// What the short-lived `prepare` child prints on one line: all that the supervisor needs to know of an accepted configuration.

import type { RelayName, Settings } from '../core/settings.ts';
import type { Capacity } from '../core/supervision.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ServePlan {
  readonly node: string;
  readonly version: string;
  readonly runtime: string;
  /** Where `prepare` left the settings; they become the runtime folder's own once this supervisor holds its lock. */
  readonly preparedSettings: string;
  readonly listeners: readonly (HostPort & { readonly name: string })[];
  readonly health: HostPort;
  readonly admin: HostPort;
  readonly carriers: number;
  readonly stopMs: number;
  readonly log: Settings['log'];
  readonly capacity: Capacity;
  readonly warnings: readonly string[];
  /** The engine that was chosen, and why. */
  readonly relay: { readonly engine: RelayName; readonly why: string };
}

/** Exit codes that more than one process of a node gives; sysexits(3). */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69 } as const;
