// Where lines go without a log file. A pipe is opened a second time without blocking: a reader that has stopped then costs lines, never
// a thread that hangs in write(2), which would also keep the process from ending. Nobody who shares our standard output notices.

import { constants, fstatSync, openSync } from 'node:fs';

const STDOUT_FD = 1;

/** A descriptor to write to; 1 itself where it is a file, a terminal or a socket, which cannot be opened again or never stall for long. */
export function openStandardOutput(): number {
  try {
    if (!fstatSync(STDOUT_FD).isFIFO()) return STDOUT_FD;
    return openSync(`/proc/self/fd/${STDOUT_FD}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return STDOUT_FD;
  }
}
