// What the short-lived `prepare` child prints on one line: all that the supervisor needs to know of a configuration.

import type { RelayName, Settings } from '../core/settings.ts';
import type { AtStartChange, Capacity } from '../core/supervision.ts';
import type { FileMark } from './file-mark.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** The part of it that changes while the node lives. */
export interface LivePlan {
  readonly node: string;
  readonly policyVersion: string;
  /** Where `prepare` left the settings; they become the runtime folder's own once they are accepted. */
  readonly preparedSettings: string;
  readonly stopMs: number;
  /** Of a drain. */
  readonly drain: { readonly rate: number; readonly deadlineMs: number };
  readonly revoked: Settings['policy']['revoked'];
  readonly log: Settings['log'];
  readonly capacity: Capacity;
  readonly warnings: readonly string[];
}

/**
 * How the roles of an installation are started, by whoever: the supervisor of one version starts carriers of another. `protocol` is all that they
 * have in common besides: the words of the roles, the messages, the names and formats in the runtime folder, the answers of carriers there.
 */
export interface Launch {
  /** The folder of the installation. */
  readonly root: string;
  readonly node: string;
  /** The script that knows the roles. */
  readonly entry: string;
  readonly carrierFlags: readonly string[];
  readonly controlFlags: readonly string[];
  readonly protocol: number;
}

export const PROTOCOL = 1;

export interface ServePlan extends LivePlan {
  readonly launch: Launch;
  readonly version: string;
  /** The configuration's absolute path. */
  readonly file: string;
  /** Every file that was read, the configuration among them. */
  readonly files: readonly FileMark[];
  readonly runtime: string;
  readonly listeners: readonly (HostPort & { readonly name: string })[];
  readonly health: HostPort;
  readonly admin: HostPort;
  readonly carriers: number;
  /** The engine that was chosen, and why. */
  readonly relay: { readonly engine: RelayName; readonly why: string };
}

/** The same for a node that runs by an earlier configuration. */
export type ReloadPlan = {
  /** Of the code that read the file: the installation may have been replaced under the node. */
  readonly version: string;
  readonly launch: Launch;
  readonly files: readonly FileMark[];
} & (
  | { readonly kind: 'changed'; readonly plan: LivePlan; readonly changed: readonly string[] }
  | { readonly kind: 'unchanged' }
  /** `FILE:LINE:COL: path: message` */
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | { readonly kind: 'at-start'; readonly changes: readonly AtStartChange[] }
  | { readonly kind: 'failed'; readonly why: string }
);

/** Exit codes that more than one process of a node gives; sysexits(3). `atStart`: it takes effect only at a start of the node. */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69, atStart: 75 } as const;
