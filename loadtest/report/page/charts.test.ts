import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunRecord } from '../../run-record.ts';
import { madeRun } from '../../testing/made-run.ts';
import { summarise } from '../summary.ts';
import type { Chart } from './chart.ts';
import { chartsOf, tableOf } from './charts.ts';

const chart = (record: RunRecord, id: string): Chart => {
  const found = chartsOf(summarise(record)).find((one) => one.id === id);
  assert.ok(found, id);
  return found;
};
const storm = madeRun({ kill: { after: 60, backPerSecond: 400 } });
const blind = {
  ...madeRun(),
  seconds: madeRun().seconds.map((second) => ({ ...second, nodes: {}, roles: {}, kernel: null, farEnd: null })),
};
const silent = {
  ...madeRun(),
  seconds: madeRun()
    .seconds.slice(0, 20)
    .map((second) => ({
      ...second,
      agents: { ...second.agents, sent: 0, back: 0, opened: 0, wanted: 0, openUs: [], dialUs: [], connackUs: [], roundTripUs: [] },
    })),
};

describe('a chart', () => {
  test('has as many values in each line as it has places', () => {
    for (const { id, x, lines } of chartsOf(summarise(storm)))
      for (const line of lines) assert.equal(line.values.length, x.values.length, `${id}: ${line.label}`);
  });

  test('of tunnels has a line for each node, and a mark where one was killed', () => {
    const { lines, marks } = chart(storm, 'established');
    assert.deepEqual(
      lines.map(({ label }) => label),
      ['wanted', 'all agents', 'node-1', 'node-2', 'node-3'],
    );
    assert.deepEqual(marks, [{ at: 120, words: 'kill-node node-1' }]);
  });

  test('says of a mark that it was unasked', () => {
    const [mark] = chart(
      { ...storm, marks: [{ at: 5, what: 'died', event: null, isPlanned: false, node: 'node-2', tunnels: null }] },
      'cpu',
    ).marks;
    assert.equal(mark?.words, 'died (node-2), unasked');
  });

  test('of a recovery ends at 100 % and never passes what the quota allows by more than a second', () => {
    const { lines, x } = chart(storm, 'recovery');
    const [back, most] = lines;
    assert.equal(back?.values.at(-1), 100);
    x.values.forEach((_, index) => assert.ok((back?.values[index] ?? 0) <= (most?.values[index] ?? 0) + 25));
  });

  test('of memory against tunnels has its points in rising order and the fitted line through them', () => {
    const { lines, x } = chart(madeRun({ kibPerTunnel: 33 }), 'memory-by-tunnels');
    assert.deepEqual(
      [...x.values],
      x.values.toSorted((one, other) => one - other),
    );
    const [points, line] = lines;
    assert.ok(Math.abs((points?.values.at(-1) ?? 0) - (line?.values.at(-1) ?? 99)) < 1);
    assert.match(line?.label ?? '', /^fitted, (33\.0|32\.9)\d KiB a tunnel$/);
  });
});

test('the chart of descriptors has a line for each role whose own could be seen', () => {
  const hidden = {
    ...storm,
    seconds: storm.seconds.map(({ roles, ...second }) => ({ ...second, roles: { ...roles, k6: { ...roles['k6']!, descriptors: null } } })),
  };
  const { lines, caption } = chart(hidden, 'descriptors');
  assert.deepEqual(
    lines.map(({ label, values }) => [label, values[100]]),
    [
      ['pinhole', 12_120],
      ['far-end', 6_030],
    ],
  );
  assert.match(caption, /each may have 20,000/);
});

describe('there is no chart but a sentence', () => {
  for (const [id, record, why] of [
    ['recovery', madeRun(), /No node that held tunnels was killed/],
    ['failures', madeRun(), /No open failed, and no session was dropped/],
    ['memory-by-tunnels', madeRun({ tunnels: 200 }), /No slope: a slope needs/],
    ['cpu', blind, /Nobody read the CPU/],
    ['memory', blind, /Nobody read the memory/],
    ['descriptors', blind, /Nobody could see the descriptors/],
    ['loop-delay', blind, /No node said/],
    ['far-end', blind, /counted nothing/],
    ['time-wait', blind, /could not be read/],
    ['socket-memory', blind, /could not be read/],
    ['opens', silent, /No open was asked for/],
    ['open-latency', silent, /No open succeeded/],
    ['messages', silent, /No message was sent/],
    ['round-trips', silent, /No message was answered/],
    ['established', { ...madeRun(), seconds: [] }, /Not one second/],
  ] as const) {
    test(`for ${id} where there is nothing of it`, () => assert.match(chart(record, id).missing ?? 'it is drawn', why));
  }

  test('and nowhere else: a storm has every chart', () => {
    const missing = chartsOf(summarise(storm)).flatMap(({ missing: why }) => why ?? []);
    assert.deepEqual(missing, []);
  });
});

test('the numbers under a chart are a dozen rows, the first and the last among them', () => {
  const opened = chart(storm, 'opens');
  const rows = tableOf(opened);
  assert.equal(rows.length, 12);
  assert.deepEqual([rows[0]?.[0], rows.at(-1)?.[0]], [opened.x.values[0], opened.x.values.at(-1)]);
});
