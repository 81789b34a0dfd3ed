import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Holder, SessionBook } from './session-book.ts';

function createHolder() {
  const left = Promise.withResolvers<void>();
  const holder = { takenOver: 0, takeOver: () => void holder.takenOver++, disconnect: () => true, left: left.promise, leave: left.resolve };
  return holder satisfies Holder;
}

test('a new holder takes over, and begins when the former one has left', async () => {
  const book = new SessionBook(() => 0);
  const [first, second] = [createHolder(), createHolder()];
  await book.enter('a', first);
  const turn = book.enter('a', second);
  assert.equal(first.takenOver, 1);
  assert.equal(book.connected, 1);
  let isTurn = false;
  void turn.then(() => (isTurn = true));
  await Promise.resolve();
  assert.equal(isTurn, false);
  first.leave();
  await turn;
});

test('who was taken over does not remove its successor', async () => {
  const book = new SessionBook(() => 0);
  const [first, second] = [createHolder(), createHolder()];
  void book.enter('a', first);
  void book.enter('a', second);
  book.exit('a', first);
  assert.equal(book.holder('a'), second);
  book.exit('a', second);
  assert.equal(book.connected, 0);
});

test('a session is found until it expires, by its own version of MQTT', () => {
  let nowMs = 0;
  const book = new SessionBook(() => nowMs);
  book.settle('a', 5, new Set(['x']), 10);
  assert.deepEqual([...(book.find('a', 5)?.filters ?? [])], ['x']);
  assert.equal(book.find('a', 4), undefined);
  nowMs = 9_999;
  assert.ok(book.find('a', 5));
  nowMs = 10_000;
  assert.equal(book.find('a', 5), undefined);
});

test('a session without an expiry ends with its connection', () => {
  const book = new SessionBook(() => 0);
  book.settle('a', 5, new Set(), 10);
  book.settle('a', 5, new Set(), 0);
  assert.equal(book.find('a', 5), undefined);
});
