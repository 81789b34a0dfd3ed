import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameReader } from './frames.ts';

const PING = Buffer.from([0xc0, 0]);
const LONG = Buffer.concat([Buffer.from([0x30, 0xc8, 0x01]), Buffer.alloc(200, 7)]);
const STREAM = Buffer.concat([PING, LONG, PING]);

test('a stream cut at any place gives the same packets', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const reader = new FrameReader(1_000);
    const frames = [...reader.push(STREAM.subarray(0, cut)).frames, ...reader.push(STREAM.subarray(cut)).frames];
    assert.deepEqual(frames, [PING, LONG, PING], `cut at ${cut}`);
  }
});

test('a stream that comes byte by byte gives the same packets', () => {
  const reader = new FrameReader(1_000);
  const frames = Array.from(STREAM, (byte) => reader.push(Buffer.from([byte])).frames).flat();
  assert.deepEqual(frames, [PING, LONG, PING]);
});

test('a packet over the limit is a fault as soon as its length is known, after the packets before it', () => {
  assert.deepEqual(new FrameReader(202).push(Buffer.concat([PING, LONG.subarray(0, 3)])), { frames: [PING], fault: 'too-large' });
  assert.deepEqual(new FrameReader(203).push(LONG), { frames: [LONG] });
});

test('a length of five bytes is a fault', () => {
  assert.deepEqual(new FrameReader(1_000).push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff])), { frames: [], fault: 'malformed' });
});
