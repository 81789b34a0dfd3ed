import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROW } from './ledger-file.ts';
import { countOpen, opensInLastSecond } from './open-rate.ts';

const START_MS = 1_234_500;

function opened(...moments: number[]): Uint32Array {
  const words = new Uint32Array(ROW.words);
  for (const moment of moments) countOpen(words, 0, START_MS + moment);
  return words;
}

test('an open counts for a whole second', () => {
  const words = opened(0, 950);
  assert.equal(opensInLastSecond(words, 0, START_MS + 999), 2);
});

test('the bucket that leaves the second counts by the share that is still in it', () => {
  const words = opened(0, 10, 20, 30);
  assert.equal(opensInLastSecond(words, 0, START_MS + 1_025), 3);
  assert.equal(opensInLastSecond(words, 0, START_MS + 1_075), 1);
});

test('an open of more than a second ago does not count', () => {
  assert.equal(opensInLastSecond(opened(0), 0, START_MS + 1_100), 0);
});

test('a bucket is used again for a later time without its old count', () => {
  assert.equal(opensInLastSecond(opened(0, 0, 0, 1_600), 0, START_MS + 1_600), 1);
});

test('a bucket from the future, as a torn read may show, does not count', () => {
  assert.equal(opensInLastSecond(opened(5_000), 0, START_MS), 0);
});
