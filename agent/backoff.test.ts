import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKOFF_MAX_MS, backoffMs, CONNECT_SPACING_MS, MOVE_SPREAD_MS, moveMs, parseRetryAfter, RETRY_AFTER_MAX_MS } from './backoff.ts';

const almostOne = (): number => 0.999_999;

for (const [failures, windowMs] of [
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [7, 64_000],
  [8, BACKOFF_MAX_MS],
  [5_000, BACKOFF_MAX_MS],
] as const) {
  test(`after ${failures} failures the wait is anywhere from 0 to ${windowMs} ms`, () => {
    assert.equal(
      backoffMs(failures, () => 0),
      0,
    );
    assert.equal(
      backoffMs(failures, () => 0.5),
      windowMs / 2,
    );
    assert.ok(backoffMs(failures, almostOne) <= windowMs);
    assert.ok(backoffMs(failures, almostOne) > windowMs * 0.99);
  });
}

test('Retry-After is a floor and never shortens the wait', () => {
  assert.equal(backoffMs(1, almostOne, 7_000), 7_000);
  assert.equal(
    backoffMs(6, () => 0.5, 7_000),
    16_000,
  );
});

test('no proxy sends an agent away for longer than ten minutes', () => {
  assert.equal(
    backoffMs(1, () => 0, 86_400_000),
    RETRY_AFTER_MAX_MS,
  );
});

for (const [text, expected] of [
  ['0', 0],
  ['17', 17_000],
  ['999999999', RETRY_AFTER_MAX_MS],
  ['', undefined],
  ['1.5', undefined],
  ['-1', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  [undefined, undefined],
] as const) {
  test(`Retry-After ${text} is ${expected} ms`, () => {
    assert.equal(parseRetryAfter(text), expected);
  });
}

test('a lost session goes on within half a second, and no sooner than a second after it was opened', () => {
  assert.equal(
    moveMs(60_000, () => 0),
    0,
  );
  assert.ok(moveMs(60_000, () => 0.999) < MOVE_SPREAD_MS);
  assert.equal(
    moveMs(900, () => 0.5),
    MOVE_SPREAD_MS / 2,
  );
  assert.equal(
    moveMs(100, () => 0.5),
    CONNECT_SPACING_MS - 100,
  );
});
