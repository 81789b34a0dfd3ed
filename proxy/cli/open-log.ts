// A log to be read as a stream: a file, or standard input.

import { createReadStream, promises } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Log } from './rehearse.ts';

export async function openLog(path: string, standardInput: Readable): Promise<Log> {
  if (path === '-') return { stream: standardInput, bytes: null, read: () => 0 };
  const handle = await promises.open(path);
  const stat = await handle.stat();
  if (stat.isDirectory()) {
    await handle.close();
    throw new Error('it is a folder');
  }
  const stream = createReadStream(path, { fd: handle });
  return { stream, bytes: stat.isFile() ? stat.size : null, read: () => stream.bytesRead };
}
