// The text of a file that an operator has named. It may be another one by mistake: one that never ends would fill the machine's memory beside a
// node that serves, and a pipe into which nobody writes would hold it up.

import { closeSync, constants, openSync, readSync } from 'node:fs';

/** Configurations, certificates, keys and lists are far smaller. */
export const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** A pipe that has a writer is waited for, as in `check -c <(...)`, so many times. */
const WAITS_MAX = 250;
const WAIT_MS = 20;

/** Throws what the system says, EFBIG where there is more, and ETIMEDOUT where nothing comes. */
export function readText(path: string, waitsMax = WAITS_MAX): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const got = readPatiently(fd, chunk, waitsMax);
      if (got === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(chunk.subarray(0, got));
      length += got;
      if (length > TEXT_BYTES_MAX) throw Object.assign(new Error(`more than ${TEXT_BYTES_MAX} bytes: ${path}`), { code: 'EFBIG' });
    }
  } finally {
    closeSync(fd);
  }
}

function readPatiently(fd: number, chunk: Buffer, waitsMax: number): number {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < waitsMax; waits += 1) {
    try {
      return readSync(fd, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(nothing, 0, 0, WAIT_MS);
    }
  }
  throw Object.assign(new Error('nothing comes out of it'), { code: 'ETIMEDOUT' });
}
