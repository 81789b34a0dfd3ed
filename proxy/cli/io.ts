// What a command may touch: handed in by main.ts, so that commands run in tests without a process.

import type { Machine } from '../config/load.ts';

export interface CliIo {
  /** Writes the text as it is: line ends are in it. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file's text; throws where it cannot be read. */
  readonly readFile: (path: string) => string;
  readonly machine: Machine;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** A wrong command line or a wrong configuration (EX_USAGE of sysexits.h). */
export const EXIT_USAGE = 64;
