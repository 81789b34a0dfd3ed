// Sessions of k6 held against what the nodes say they let through.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunRecord, Second } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { bypassOf } from './bypass.ts';
import { figuresOf } from './figures.ts';
import { judge } from './verdict.ts';

const good = madeRun();
/** Killed as the ramp ends. */
const storm = madeRun({ kill: { after: 0, backPerSecond: 400 } });
const withNodes = (record: RunRecord, change: (nodes: Second['nodes'], at: number) => Second['nodes']): RunRecord => ({
  ...record,
  seconds: record.seconds.map((second) => ({ ...second, nodes: change(second.nodes, second.at) })),
});
/** What each node says it let through. */
const letting = (record: RunRecord, opens: (counted: number, at: number) => number): RunRecord =>
  withNodes(record, (nodes, at) =>
    Object.fromEntries(
      Object.entries(nodes).map(([name, node]) => [name, node && { ...node, opens: { OK: opens(node.opens['OK'] ?? 0, at) } }]),
    ),
  );
const backAgain = (nodes: Second['nodes']): Second['nodes'] => ({ ...nodes, 'node-1': { ...nodes['node-2']!, opens: {} } });
const probesAlone = letting(good, () => 40);

describe('it is a valid run', () => {
  for (const [why, record] of [
    ['where nodes counted every session', good],
    ['where they counted more: some fail behind the node', letting(good, (counted) => 2 * counted)],
    [
      'where a node died by plan, with what it let through since it was read three seconds before',
      withNodes(storm, (nodes, at) => (at >= 57 ? { ...nodes, 'node-1': null } : nodes)),
    ],
    ['where that node was started again, and counts from 0', withNodes(storm, (nodes, at) => (at < 100 ? nodes : backAgain(nodes)))],
    ['where a node said less for a while', letting(good, (counted, at) => (at < 100 ? counted : counted - 1_000))],
    ['where the probe came to them after they were read for the last time', letting(good, (counted) => counted - 5)],
    ['where another proxy was in its place', { ...probesAlone, scenario: { ...good.scenario, through: 'squid' } }],
    ['where the nodes are others’', { ...probesAlone, honesty: { ...good.honesty, isTarget: true } }],
    ['where nothing was opened', { ...probesAlone, seconds: [] }],
  ] as const satisfies readonly (readonly [string, RunRecord])[])
    test(why, () => assert.deepEqual(bypassOf(record), []));
});

describe('it is not a valid run', () => {
  for (const [why, record, says] of [
    ['where nodes let the probe through and nobody else', probesAlone, /^k6 opened 6,000 sessions, and the nodes let 0 through/],
    [
      'where one k6 of three went past them',
      letting(good, (counted) => Math.floor(counted * 0.7)),
      /6,000 sessions, and the nodes let 4,\d+/,
    ],
    [
      'where one k6 went past them after a node had died',
      letting(madeRun({ kill: { after: 60, backPerSecond: 50 } }), (counted, at) => (at < 120 ? counted : 2_040)),
      /^k6 opened 8,000 sessions, and the nodes let \d,\d+/,
    ],
    [
      'where nodes let the probe alone through, and said less for a while',
      letting(good, (_, at) => (at % 2 === 0 ? 40 : 30)),
      /the nodes let 0 through/,
    ],
    ['where no node was ever read', withNodes(good, () => ({})), /No node ever said/],
  ] as const)
    test(why, () => {
      assert.match(bypassOf(record).join('\n'), says);
      const { outcome, invalid } = judge(record, figuresOf(record));
      assert.equal(outcome, 'not a valid run');
      assert.match(invalid.join('\n'), says);
    });
});
