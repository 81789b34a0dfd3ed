// What a far end and the rig say to each other over the pipe that fork made. Types only.

import type { FarEndSeen } from '../run-record.ts';

export interface FarEndSettings {
  readonly address: string;
  readonly port: number;
  /** CONNECTs a second of all far ends together; null: any number. */
  readonly quota: number | null;
  /** A file for counting over all of them, which of its rows is this one's, and how many there are. */
  readonly countFile: string;
  readonly row: number;
  readonly rows: number;
}

export type FarEndOrder =
  | { readonly order: 'throttle'; readonly connectsPerSecond: number | null }
  | { readonly order: 'die' | 'come-back' };

export type FarEndWord =
  | { readonly word: 'listening' }
  | { readonly word: 'failed'; readonly why: string }
  | { readonly word: 'second'; readonly at: number; readonly seen: FarEndSeen };
