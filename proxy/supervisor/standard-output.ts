// Where lines go without a log file. Writing must never block: a reader that has stopped then costs lines, never a thread that hangs in
// write(2), which would also keep the process from ending, and its listening sockets open.

import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

const STDOUT_FD = 1;

/** Where a child finds our standard output: under this number nothing but its log ever touches it. */
export const CHILD_OUTPUT_FD = 4;

/**
 * What a child gets as CHILD_OUTPUT_FD. Not its own descriptors 1 and 2: for those libuv makes the socket that both share block again when the
 * child starts, and Node does when it ends, and a write of ours in that moment hangs for ever.
 */
export function standardOutputForChild(): number | 'ignore' {
  try {
    fstatSync(STDOUT_FD);
    return STDOUT_FD;
  } catch {
    return 'ignore';
  }
}

/**
 * A descriptor to write to, where EAGAIN says that the reader is slow. A pipe or a terminal is opened a second time, so that nobody who
 * shares our standard output notices. A socket, which is what systemd's journal gives, cannot be: its own mode is changed.
 */
export function openStandardOutput(fd = STDOUT_FD): number {
  try {
    const kind = fstatSync(fd);
    if (kind.isFIFO() || kind.isCharacterDevice()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    // Opening it sets the mode. Nothing is written through it, and closing it would close the output.
    if (kind.isSocket()) new Socket({ fd, readable: false, writable: false }).unref();
  } catch {
    // No standard output at all.
  }
  return fd;
}
