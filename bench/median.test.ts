import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median } from './median.ts';

test('the median of few and of many', () => {
  assert.equal(median([3]), 3);
  assert.equal(median([4, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
