// Sessions of k6 held against the tunnels that the nodes say they hold.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeSeen, RunRecord } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { figuresOf } from './figures.ts';
import { notStanding } from './standing.ts';
import { judge } from './verdict.ts';

const good = madeRun();
/** What nodes hold from one second to another, by what they held. */
const holding = (record: RunRecord, tunnels: (held: number) => number, from = 0, to = Infinity): RunRecord => ({
  ...record,
  seconds: record.seconds.map((second) => {
    const change = (node: NodeSeen | null): NodeSeen | null => node && { ...node, tunnels: Math.round(tunnels(node.tunnels)) };
    const isThen = second.at >= from && second.at < to;
    return isThen
      ? { ...second, nodes: Object.fromEntries(Object.entries(second.nodes).map(([name, node]) => [name, change(node)])) }
      : second;
  }),
});
const none = holding(good, () => 0);

describe('it is a valid run', () => {
  for (const [why, record] of [
    ['where nodes hold what k6 does', good],
    ['where they hold the probe’s, too', holding(good, (held) => held + 10)],
    ['where nine seconds said less', holding(good, () => 0, 200, 209)],
    ['where something was done to the fleet', madeRun({ kill: { after: 30, backPerSecond: 100 } })],
    ['where another proxy was in its place', { ...none, scenario: { ...good.scenario, through: 'haproxy' } }],
    ['where the nodes are others’', { ...none, honesty: { ...good.honesty, isTarget: true } }],
  ] as const satisfies readonly (readonly [string, RunRecord])[])
    test(why, () => assert.deepEqual(notStanding(record), []));
});

describe('it is not a valid run', () => {
  for (const [why, record] of [
    ['where nodes hold nothing', none],
    ['where they lack two of a hundred', holding(good, (held) => held * 0.98)],
    ['where they lacked them for ten seconds', holding(good, (held) => held * 0.98, 200, 210)],
  ] as const)
    test(why, () => {
      assert.match(notStanding(record).join(), /k6 said that 6,000 sessions stood, and the nodes held [0-9,]+ tunnels, for 10 s on end/);
      assert.equal(judge(record, figuresOf(record)).outcome, 'not a valid run');
    });
});
