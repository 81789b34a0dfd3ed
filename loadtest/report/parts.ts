// What the command line calls of the report and of the capacity card. Types only: write.ts, compare.ts and card/main.ts fill them.

import type { RunRecord } from '../run-record.ts';

/** Exit codes 0, 1 and 2 of `pinhole loadtest SCENARIO`, in this order. */
export type Outcome = 'pass' | 'fail' | 'not a valid run';

export interface Written {
  readonly verdict: Outcome;
  /** For the terminal: the verdict, a line for each threshold, why a run is not valid, where the files are. */
  readonly lines: readonly string[];
  /** Why a file could not be written (a disk that is full), in words; null where all are there. The verdict stands all the same. */
  readonly unwritten: string | null;
}

/** Writes report.json and report.html into the folder, which it makes where it is missing. Never throws for what the disk does, nor for a record with holes. */
export type WriteReport = (record: RunRecord, folder: string) => Written;

/** Where a command's lines go: what is its result, and what went wrong. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * A command behind `pinhole loadtest`, with its own --help; `args` are the words behind its name. Gives back the exit code:
 * `compare A B [--html FILE] [--json]`: 0; 2 where the two cannot be compared; 64 for a wrong word or a file that is no report.
 * `card [FILE...] [--write FILE] [--json]`: 0; 1 where it could not be written, or would be written from a synthetic input; 64 as above.
 */
export type Command = (args: readonly string[], output: Output) => number;
