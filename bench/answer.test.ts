import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answer } from './answer.ts';

const FIRST = Buffer.from('hello');

for (const [what, pieces, steps, words] of [
  ['accepted, then the bytes in pieces', ['HTTP/1.1 200 ok\r\n', '\r\n', 'he', 'llo'], ['more', 'accepted', 'more', 'open'], null],
  ['refused', ['HTTP/1.1 503 NODE_FULL\r\n\r\n'], ['refused'], 'HTTP/1.1 503 NODE_FULL'],
  ['accepted, then other bytes', ['HTTP/1.1 200 ok\r\n\r\n', 'hullo'], ['accepted', 'garbled'], 'other bytes came back'],
  ['nothing whole', ['HTTP/1.1 2'], ['more'], 'closed before the answer'],
  ['accepted, and half of the bytes', ['HTTP/1.1 200 ok\r\n\r\n', 'he'], ['accepted', 'more'], 'closed before the message was back'],
] as const) {
  test(what, () => {
    const answer = new Answer(FIRST);
    assert.deepEqual(
      pieces.map((piece) => answer.take(Buffer.from(piece))),
      steps,
    );
    if (words !== null) assert.equal(answer.words, words);
  });
}
