// The lines of a log, plain or gzipped, one after the other: never more of it in memory than a few chunks and one line.

import { type Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A record has at most 4,096 bytes; what is longer is no log of ours, or has lost its line ends. */
export const LINE_BYTES_MAX = 64 * 1_024;
const GZIP = [0x1f, 0x8b];

/** What is given in place of a line that is too long. */
export const TOO_LONG = '\u0000';

/** Calls `line` for each; rejects where the log cannot be read to its end. */
export async function eachLine(log: Readable, line: (text: string) => void): Promise<void> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const emit = (end: Buffer): void => {
    const bytes = restBytes + end.length;
    line(bytes > LINE_BYTES_MAX ? TOO_LONG : (rest.length === 0 ? end : Buffer.concat([...rest, end])).toString('utf8'));
    rest = [];
    restBytes = 0;
  };
  for await (const chunk of unzipped(log)) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      emit(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from === chunk.length) continue;
    restBytes += chunk.length - from;
    // Of a line that is too long already nothing more is kept.
    if (restBytes <= LINE_BYTES_MAX) rest.push(chunk.subarray(from));
  }
  if (restBytes > 0) emit(Buffer.alloc(0));
}

/** By its first bytes, whatever it is called. Several gzip files in one are one log. */
async function* unzipped(log: Readable): AsyncGenerator<Buffer> {
  let first = Buffer.alloc(0);
  const chunks = log[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  while (first.length < GZIP.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const isGzip = GZIP.every((byte, index) => first[index] === byte);
  const whole = joined(first, chunks);
  if (!isGzip) return yield* whole;
  const unzip = createGunzip();
  // Whatever fails ends the other one, and is thrown by its iterator.
  pipeline(whole, unzip, () => {});
  yield* unzip as AsyncIterable<Buffer>;
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
