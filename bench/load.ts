// Drives the load program (load.c).

import { LineProgram } from './line-program.ts';
import type { Processes } from './processes.ts';

/** What load.c holds at most in one process. */
export const LOAD_TUNNELS_MAX = 9_000;

export interface Ramp {
  readonly opened: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstFailure: string;
}

export interface Messages {
  readonly wanted: number;
  readonly back: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Round {
  readonly sent: number;
  readonly back: number;
  /** Of every message that came back. */
  readonly spansUs: readonly number[];
}

export interface Bulk {
  readonly wantedMib: number;
  readonly backMib: number;
}

export class LoadProgram extends LineProgram {
  static async start(processes: Processes, command: readonly string[]): Promise<LoadProgram> {
    return new LoadProgram(await LoadProgram.run(processes, command));
  }

  /** Opens tunnels until there are so many, as fast as it goes or so many a second. */
  ramp(upTo: number, perSecond: number | 'at once' = 'at once'): Promise<Ramp> {
    return this.step(`ramp ${upTo} ${perSecond === 'at once' ? 0 : perSecond}`);
  }

  /** One message is sent when another has come back. */
  messages({ count, busy, bytes }: { readonly count: number; readonly busy: number; readonly bytes: number }): Promise<Messages> {
    return this.step(`messages ${count} ${busy} ${bytes}`);
  }

  /** Messages at a pace of their own. */
  rate({ perSecond, seconds }: { readonly perSecond: number; readonly seconds: number }): Promise<Messages> {
    return this.step(`rate ${perSecond} ${seconds}`);
  }

  /** One message on every tunnel, evenly over this time. */
  round(seconds: number): Promise<Round> {
    return this.step(`round ${seconds}`);
  }

  /** So many MiB there and back on each of some tunnels, so many KiB to a write. */
  bulk({ tunnels, mib, kib }: { readonly tunnels: number; readonly mib: number; readonly kib: number }): Promise<Bulk> {
    return this.step(`bulk ${tunnels} ${mib} ${kib}`);
  }

  /** How many tunnels still stand. */
  async alive(): Promise<number> {
    return (await this.step<{ alive: number }>('alive')).alive;
  }

  async close(): Promise<void> {
    await this.step('close');
  }
}
