// The text of a file that an operator has named. It may be another one by mistake, and one that never ends would fill the machine's memory beside a
// node that serves.

import { closeSync, openSync, readSync } from 'node:fs';

/** Configurations, certificates, keys and lists are far smaller. */
export const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Throws what the system says, and EFBIG where there is more. */
export function readText(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const got = readSync(fd, chunk);
      if (got === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(chunk.subarray(0, got));
      length += got;
      if (length > TEXT_BYTES_MAX) throw Object.assign(new Error(`more than ${TEXT_BYTES_MAX} bytes: ${path}`), { code: 'EFBIG' });
    }
  } finally {
    closeSync(fd);
  }
}
