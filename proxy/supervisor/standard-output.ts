// Where lines go without a log file. Writing must never block: a reader that has stopped then costs lines, never a thread that hangs in
// write(2), which would also keep the process from ending, and its listening sockets open.

import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

const STDOUT_FD = 1;

/**
 * A descriptor to write to, where EAGAIN says that the reader is slow. A pipe or a terminal is opened a second time, so that nobody who
 * shares our standard output notices. A socket, which is what systemd's journal gives, cannot be: its own mode is changed.
 */
export function openStandardOutput(): number {
  try {
    const kind = fstatSync(STDOUT_FD);
    if (kind.isFIFO() || kind.isCharacterDevice()) return openSync(`/proc/self/fd/${STDOUT_FD}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return STDOUT_FD;
  }
  keepSharedOutputFromBlocking();
  return STDOUT_FD;
}

/**
 * Starting a process that shares a socket as its standard output makes the socket block again (libuv does, for the child), and so does its
 * end (Node restores what it found). Called behind both.
 */
export function keepSharedOutputFromBlocking(): void {
  try {
    // Opening it sets the mode. Nothing is written through it, and closing it would close the output.
    if (fstatSync(STDOUT_FD).isSocket()) new Socket({ fd: STDOUT_FD, readable: false, writable: false }).unref();
  } catch {
    // No standard output at all.
  }
}
