import assert from 'node:assert/strict';
import { test } from 'node:test';
import { merge } from './merge-metrics.ts';
import type { MetricJson } from './metrics-json.ts';

function metric(
  aggregator: string | undefined,
  ...samples: readonly (readonly [labels: Record<string, string | number>, value: number, metricName?: string])[]
) {
  const values = samples.map(([labels, value, metricName]) => ({ labels, value, ...(metricName === undefined ? {} : { metricName }) }));
  return { name: 'm', help: 'h', type: 'gauge', values, aggregator } as unknown as MetricJson;
}

function valuesOf(metrics: readonly MetricJson[]) {
  return metrics.flatMap(({ values }) => values.map(({ labels, value }) => [labels, value]));
}

for (const [aggregator, expected] of [
  ['sum', 7],
  ['min', 2],
  ['max', 5],
  [undefined, 7],
  ['average', 7],
] as const)
  test(`${aggregator ?? 'without a word'}: ${expected}`, () => {
    assert.deepEqual(valuesOf(merge([[metric(aggregator, [{ a: 'x' }, 5])], [metric(aggregator, [{ a: 'x' }, 2])]])), [
      [{ a: 'x' }, expected],
    ]);
  });

const APART: readonly (readonly [what: string, left: Record<string, string | number>, right: Record<string, string | number>])[] = [
  ['another value', { a: 'x' }, { a: 'y' }],
  ['another label of the same value', { a: 'x' }, { b: 'x' }],
  ['a label more', { a: 'x' }, { a: 'x', b: '' }],
  ['values that would read alike side by side', { a: 'x', b: 'yz' }, { a: 'xy', b: 'z' }],
];
for (const [what, left, right] of APART)
  test(`kept apart by ${what}`, () => {
    assert.deepEqual(valuesOf(merge([[metric('sum', [left, 1])], [metric('sum', [right, 2])]])), [
      [left, 1],
      [right, 2],
    ]);
    assert.equal(valuesOf(merge([[metric('sum', [right, 1])], [metric('sum', [left, 2], [right, 3])]])).length, 2);
  });

test('the order of labels is none of their matter', () => {
  const groups = [[metric('sum', [{ a: 'x', b: 'y' }, 1])], [metric('sum', [{ b: 'y', a: 'x' }, 2])]];
  assert.deepEqual(valuesOf(merge(groups)), [[{ a: 'x', b: 'y' }, 3]]);
});

test('the parts of a histogram are series of their own', () => {
  const samples = [
    [{ stage: 'dial', le: 1 }, 1, 'm_bucket'],
    [{ stage: 'dial' }, 1, 'm_count'],
    [{ stage: 'dial' }, 0.5, 'm_sum'],
  ] as const;
  const merged = merge([[metric('sum', ...samples)], [metric('sum', ...samples)]]);
  assert.deepEqual(
    merged[0]?.values.map(({ metricName, value }) => [metricName, value]),
    [
      ['m_bucket', 2],
      ['m_count', 2],
      ['m_sum', 1],
    ],
  );
});

test('what goes in stays as it was, and what only one has is there', () => {
  const only = { ...metric('sum', [{ a: 'x' }, 1]), name: 'other' };
  const first = metric('sum', [{ a: 'x' }, 5]);
  assert.deepEqual(
    merge([[first], [metric('sum', [{ a: 'x' }, 2]), only]]).map(({ name }) => name),
    ['m', 'other'],
  );
  assert.equal(first.values[0]?.value, 5);
});
