import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eachLine, LINE_BYTES_MAX, TOO_LONG } from './lines.ts';

const TEXT = 'one\ntwo, with ü\n\nlast without an end';
const LINES = ['one', 'two, with ü', '', 'last without an end'];

async function linesOf(...chunks: readonly Buffer[]): Promise<string[]> {
  const lines: string[] = [];
  await eachLine(Readable.from(chunks), (line) => lines.push(line));
  return lines;
}

function split(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

for (const size of [1, 2, 3, 7, 1_000]) {
  test(`a log in chunks of ${size} bytes is the same lines, plain and gzipped`, async () => {
    assert.deepEqual(await linesOf(...split(Buffer.from(TEXT), size)), LINES);
    assert.deepEqual(await linesOf(...split(gzipSync(TEXT), size)), LINES);
  });
}

test('several gzip files in one are one log', async () =>
  assert.deepEqual(await linesOf(Buffer.concat([gzipSync('a\nb\n'), gzipSync('c\n')])), ['a', 'b', 'c']));

test('an empty log has no line', async () => assert.deepEqual([await linesOf(), await linesOf(Buffer.from('x'))], [[], ['x']]));

test('a gzip file that ends in the middle is said to, behind what was in it', async () => {
  const bytes = gzipSync(Buffer.from('line\n'.repeat(100_000)));
  const lines: string[] = [];
  await assert.rejects(
    eachLine(Readable.from(split(bytes.subarray(0, bytes.length - 20), 100)), (line) => lines.push(line)),
    /unexpected end of file/,
  );
  assert.ok(lines.length > 1_000 && lines.every((line) => line === 'line'), `${lines.length} lines`);
});

test('a log whose file cannot be read on is said to', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield gzipSync('line\n').subarray(0, 12);
    await Promise.reject(new Error('EIO'));
  }
  await assert.rejects(
    eachLine(Readable.from(broken()), () => {}),
    /EIO/,
  );
});

test('a line without an end is not kept', async () => {
  const chunk = Buffer.alloc(LINE_BYTES_MAX, 'x');
  assert.deepEqual(await linesOf(chunk, chunk, chunk, Buffer.from('\nnext\n')), [TOO_LONG, 'next']);
});
