// The lines of a stream, whole, and never more of one than is worth holding.

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A tick with a full histogram of each kind has about 20 KiB. */
const LINE_MAX = 256 * 1024;

export function readLines(stream: Readable, heard: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let held = '';
  const take = (text: string): void => {
    const lines = (held + text).split('\n');
    held = (lines.pop() ?? '').slice(0, LINE_MAX);
    for (const line of lines) heard(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  // A line that its end cut off is said too: whoever reads lines has to know that it was torn.
  stream.on('end', () => {
    take(decoder.end());
    if (held !== '') heard(held);
  });
}
