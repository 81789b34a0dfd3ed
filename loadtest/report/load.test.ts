// What a reader is told besides the verdict, and of which runs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunRecord } from '../run-record.ts';
import { madeRun } from '../testing/made-run.ts';
import { cautionsOf } from './load.ts';

/** 900 a second are asked from 60 s on, for 20 s: 18,000 in all. */
const sweep = madeRun({ steps: { of: 'opens', rates: [{ perSecond: 900, seconds: 20, isBeyondKnee: true }], mostPerSecond: 900 } });
const failing = (record: RunRecord, failed: Readonly<Record<string, number>>): RunRecord => ({
  ...record,
  seconds: record.seconds.map((second) => (second.at === 70 ? { ...second, agents: { ...second.agents, failed } } : second)),
});
const bounds = (record: RunRecord): readonly string[] => cautionsOf(record).filter((words) => words.includes("the rig's own bound"));

describe('a knee is said to be the rig’s own', () => {
  test('where more than one open of a hundred found no room in k6 or in a node, also in a step beyond the knee', () => {
    assert.deepEqual(bounds(failing(sweep, { NODE_FULL: 900, 'generator-full': 1_800, timeout: 5_000 })), [
      "900/s: 15 % of what was asked found no room that the rig had made for it (1,800 generator-full, 900 NODE_FULL): the knee is the rig's own bound there.",
    ]);
  });

  test('and not where these were fewer, or failed of something else, or the nodes are others’', () => {
    for (const record of [
      sweep,
      failing(sweep, { NODE_FULL: 90, 'generator-full': 90 }),
      failing(sweep, { NODE_RATE_LIMITED: 9_000 }),
      failing({ ...sweep, honesty: { ...sweep.honesty, isTarget: true } }, { NODE_FULL: 9_000 }),
    ])
      assert.deepEqual(bounds(record), []);
  });
});

test('what a run is less than was meant is said first of all that its network lacks', () => {
  const shrunk = 'One node in place of 2: there was no network.';
  const cautions = cautionsOf({ ...sweep, honesty: { ...sweep.honesty, isIsolated: false, shrunk } });
  assert.deepEqual(
    cautions.slice(-2).map((words) => words.split(':')[0]),
    ['One node in place of 2', 'No network namespace of its own'],
  );
});
