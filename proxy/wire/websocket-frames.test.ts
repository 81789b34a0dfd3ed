import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, GOING_AWAY, renderCloseFrame } from './websocket-frames.ts';

function frame(opcode: number, length: number, { masked = false, final = true } = {}): Buffer {
  const head = [(final ? 0x80 : 0) | opcode];
  const mask = masked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 0xff);
  else head.push(mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([Buffer.from(head), masked ? Buffer.from('mask') : Buffer.alloc(0), Buffer.alloc(length, 0x88)]);
}

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;

for (const [name, bytes] of [
  ['an empty one', frame(BINARY, 0)],
  ['a short one', frame(BINARY, 5)],
  ['the longest with a short length', frame(BINARY, 125)],
  ['the shortest with a length of 16 bits', frame(BINARY, 126)],
  ['the longest with a length of 16 bits', frame(BINARY, 65_535)],
  ['one with a length of 64 bits', frame(BINARY, 65_536)],
  ['a masked one', frame(TEXT, 5, { masked: true })],
  ['the first part of a message', frame(TEXT, 3, { final: false })],
] as const) {
  test(`a frame ends where it ends, and nowhere else: ${name}`, () => {
    const reader = new FrameReader();
    assert.equal(reader.isBetweenFrames, true);
    for (let at = 0; at < bytes.length; at += 1) {
      assert.equal(reader.isBetweenFrames, at === 0, `at byte ${at}`);
      reader.passed(bytes.subarray(at, at + 1));
    }
    assert.equal(reader.isBetweenFrames, true);
    assert.equal(reader.hasClosed, false);
  });
}

test('however frames are split or joined, the reader is between them when all of them have passed', () => {
  const frames = fc.array(fc.record({ length: fc.integer({ min: 0, max: 70_000 }), masked: fc.boolean() }), { maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1 }), (some, cuts) => {
      const bytes = Buffer.concat(some.map(({ length, masked }) => frame(BINARY, length, { masked })));
      const reader = new FrameReader();
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const next = at + (cuts[cut % cuts.length] ?? 1);
        reader.passed(bytes.subarray(at, next));
        at = next;
      }
      assert.equal(reader.isBetweenFrames, true);
    }),
    { numRuns: 100 },
  );
});

test('what comes in one piece is read as what comes byte by byte, whatever it is', () => {
  const small = fc.uint8Array({ maxLength: 200 });
  const tiny = fc.array(fc.constantFrom(0, 2, 0x82, 0x88, 0xfe, 0xff), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.oneof(small, tiny), fc.nat(200), (bytes, cut) => {
      const [whole, single] = [new FrameReader(), new FrameReader()];
      whole.passed(bytes.subarray(0, cut));
      whole.passed(bytes.subarray(cut));
      for (let at = 0; at < bytes.length; at += 1) single.passed(bytes.subarray(at, at + 1));
      assert.deepEqual([whole.isBetweenFrames, whole.hasClosed], [single.isBetweenFrames, single.hasClosed]);
    }),
    { numRuns: 2_000 },
  );
});

test('a close frame is noticed once its head has passed; one that is a payload is not', () => {
  const reader = new FrameReader();
  reader.passed(frame(BINARY, 40));
  assert.equal(reader.hasClosed, false);
  reader.passed(frame(CLOSE, 2).subarray(0, 2));
  assert.equal(reader.hasClosed, true);
});

test('a length that no peer can mean is never over', () => {
  const reader = new FrameReader();
  reader.passed(Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
  reader.passed(Buffer.alloc(100_000));
  assert.equal(reader.isBetweenFrames, false);
});

test('our close frame is one whole frame with its code and its reason', () => {
  const bytes = renderCloseFrame(GOING_AWAY, 'DRAINING');
  assert.deepEqual([...bytes.subarray(0, 4)], [0x88, 10, 0x03, 0xe9]);
  assert.equal(bytes.subarray(4).toString(), 'DRAINING');
  const reader = new FrameReader();
  reader.passed(bytes);
  assert.deepEqual([reader.isBetweenFrames, reader.hasClosed], [true, true]);
});
