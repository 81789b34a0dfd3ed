import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, renderWays, type WayTurns } from './splice-report.ts';

const MEDIANS: readonly (readonly [readonly number[], number])[] = [
  [[7], 7],
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[10, 9], 9.5],
];
for (const [values, expected] of MEDIANS)
  test(`the median of [${values.join(', ')}] is ${expected}`, () => assert.equal(median(values), expected));

test('the median of nothing is no number', () => assert.ok(Number.isNaN(median([]))));

const COPY: WayTurns = {
  name: 'copy',
  turns: [
    { bulkCpuSeconds: 1, smallCpuUs: 10, messageCpuUs: 12, pipes: 0 },
    { bulkCpuSeconds: 1.2, smallCpuUs: 11, messageCpuUs: 12, pipes: 0 },
    { bulkCpuSeconds: 0.9, smallCpuUs: 10, messageCpuUs: 12, pipes: 0 },
  ],
};
const SPLICE: WayTurns = { name: 'splice', turns: [{ bulkCpuSeconds: 0.5, smallCpuUs: 15, messageCpuUs: 18, pipes: 4 }] };

test('each way has its median, its range and its ratio to the first; of pipes the most', () => {
  const shown = renderWays([COPY, SPLICE]).split('\n');
  assert.equal(shown[2], '| copy | 1.00 (0.90 to 1.20), × 1.00 | 10.00 (10.00 to 11.00), × 1.00 | 12.00 (12.00 to 12.00), × 1.00 | 0 |');
  assert.equal(shown[3], '| splice | 0.50 (0.50 to 0.50), × 0.50 | 15.00 (15.00 to 15.00), × 1.50 | 18.00 (18.00 to 18.00), × 1.50 | 4 |');
});
