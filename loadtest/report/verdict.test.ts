import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AgentsSeen, RunRecord, Second } from '../run-record.ts';
import type { Threshold } from '../scenario.ts';
import { madeRun } from '../testing/made-run.ts';
import { figuresOf } from './figures.ts';
import { judge, renderValue } from './verdict.ts';

const opens: Threshold = { figure: 'openSuccess', is: 'at least', value: 0.999, why: 'agents come in' };
const drops: Threshold = { figure: 'unexpectedDrops', is: 'at most', value: 0, why: 'nobody is thrown out' };
const back: Threshold = { figure: 'recoveryByQuota', is: 'at most', value: 1.5, why: 'survivors take over' };
const good = madeRun({ scenario: { thresholds: [opens, drops] } });
const unasked = { at: 70.4, what: 'node-2 died', event: null, isPlanned: false, node: 'node-2', tunnels: null };
const neverBack = madeRun({ scenario: { thresholds: [back] }, kill: { after: 30, backPerSecond: 0 } });

const judged = (record: RunRecord) => judge(record, figuresOf(record));
/** A step that the fleet should take, from 60 on, and one beyond the knee, from 80 on. */
const stepped = madeRun({
  scenario: { thresholds: [opens] },
  steps: {
    of: 'opens',
    rates: [
      { perSecond: 100, seconds: 20 },
      { perSecond: 900, seconds: 20, isBeyondKnee: true },
    ],
    mostPerSecond: 1_000,
  },
});
const failingAt = (record: RunRecord, at: number, reason: string): RunRecord => ({
  ...record,
  seconds: record.seconds.map((second) =>
    second.at === at ? { ...second, agents: { ...second.agents, failed: { [reason]: 40 } } } : second,
  ),
});
const losing: RunRecord = {
  ...good,
  seconds: good.seconds.map((second) => (second.at === 90 ? { ...second, agents: { ...second.agents, dropped: { '1006': 1 } } } : second)),
};

/** From `from` on k6 says nothing any more: it hung, and was killed in the end. */
const silentFrom = (record: RunRecord, from: number): RunRecord => ({
  ...record,
  seconds: record.seconds.map((second) => {
    const none = { tried: 0, opened: 0, failed: {}, dropped: {}, closed: 0, sent: 0, back: 0, unanswered: 0 };
    const standing = second.at < from + 10 ? {} : { established: 0, wanted: 0 };
    return second.at < from ? second : { ...second, agents: { ...second.agents, ...none, ...standing } };
  }),
});
/** Half of the agents are in a k6 that never spoke. */
const halfOf = (record: RunRecord): RunRecord => ({ ...record, scenario: { ...record.scenario, tunnels: 2 * record.scenario.tunnels } });

/** So much more than there was, in the hold. */
const oversaid = (more: Partial<Record<'back' | 'unanswered', number>>): RunRecord => ({
  ...good,
  seconds: good.seconds.map((second) => (second.at === 200 ? { ...second, agents: withMore(second.agents, more) } : second)),
});
const withMore = (agents: AgentsSeen, { back = 0, unanswered = 0 }: Partial<Record<'back' | 'unanswered', number>>): AgentsSeen => ({
  ...agents,
  back: agents.back + back,
  unanswered: agents.unanswered + unanswered,
});

describe('a run whose thresholds', () => {
  test('are all held passes', () => {
    assert.equal(judged(good).outcome, 'pass');
    assert.deepEqual(
      judged(good).thresholds.map(({ isHeld }) => isHeld),
      [true, true],
    );
  });

  test('are not all held fails, and says which', () => {
    assert.equal(judged(losing).outcome, 'fail');
    assert.deepEqual(
      judged(losing).thresholds.map(({ isHeld }) => isHeld),
      [true, false],
    );
  });

  test('wait for what never comes fails', () => assert.equal(judged(neverBack).outcome, 'fail'));
});

describe('a figure that chance has a part in', () => {
  const growth: Threshold = { figure: 'memoryGrowthPerHour', is: 'at most', value: 0.02, why: 'nodes stay as they are' };
  const soak = (growthKibPerSecond: number, garbageKib = 400): RunRecord => {
    const record = madeRun({ scenario: { thresholds: [growth] }, holdSeconds: 4_000, growthKibPerSecond });
    return { ...record, seconds: record.seconds.map((second) => littered(second, garbageKib)) };
  };
  for (const [how, record, outcome] of [
    ['is held where all of it is within the bound', soak(0.5), 'pass'],
    ['is missed where all of it is beyond', soak(8), 'fail'],
    ['is neither where the bound is in its midst, on either side', soak(2.4, 40_000), 'not a valid run'],
    ['is neither where growth is lost in garbage', soak(0, 400_000), 'not a valid run'],
  ] as const)
    test(how, () => assert.equal(judged(record).outcome, outcome, figuresOf(record).memoryGrowthPerHour.words));

  test('says that the run was too short to tell', () =>
    assert.match(
      judged(soak(0, 400_000)).invalid.join(),
      /too short, or too small, to tell whether memoryGrowthPerHour is at most 2 %: .* 95 % sure within -[0-9.]+ % to [0-9.]+ %, from 67 min/,
    ));

  test('is held to a bound from below by its other end', () => {
    const least = (low: number, high: number): boolean | null | undefined =>
      judge(good, { ...figuresOf(good), openSuccess: { value: (low + high) / 2, low, high, words: '' } }).thresholds[0]?.isHeld;
    assert.deepEqual([least(0.9995, 1), least(0.9, 0.998), least(0.99, 1)], [true, false, null]);
  });
});

/** Garbage that piles up for ten minutes, and is collected. */
function littered(second: Second, mostKib: number): Second {
  const { pinhole, ...roles } = second.roles;
  if (pinhole === undefined) return second;
  return { ...second, roles: { ...roles, pinhole: { ...pinhole, userKib: (pinhole.userKib ?? 0) + ((second.at % 600) / 600) * mostKib } } };
}

describe('it is not a valid run', () => {
  const cases: readonly (readonly [why: string, record: RunRecord, says: RegExp])[] = [
    ['where Ctrl-C ended it', { ...good, ended: 'interrupted' }, /interrupted/],
    [
      'where a part of the rig died',
      { ...good, ended: 'broken', troubles: ['k6 2 of 3 ended with 137'] },
      /could not go on: k6 2 of 3 ended with 137/,
    ],
    ['where it broke without a word', { ...good, ended: 'broken' }, /could not go on/],
    ['where a node died unasked', { ...good, marks: [unasked] }, /At 70 s .* node-2 died \(node-2\)/],
    [
      'where the generators were what was measured',
      madeRun({ scenario: { thresholds: [opens] }, k6Cores: 1.9 }),
      /Generator-bound: k6 took at most 95 %/,
    ],
    [
      'where a figure of a threshold is missing',
      { ...good, scenario: { ...good.scenario, thresholds: [back] } },
      /could not show recoveryByQuota: no node/,
    ],
    ['where ticks of k6 were lost, with the drops that they counted', { ...good, lostTicks: 2 }, /2 ticks of k6 .* lost/],
    ['where one tick was lost', { ...good, lostTicks: 1 }, /1 tick of k6 was lost/],
    ['where the generators had no port left', failingAt(good, 30, 'generator-ports'), /40 opens never left k6: 40 generator-ports/],
    [
      'where a step that the fleet should take found the generators full',
      failingAt(stepped, 70, 'generator-full'),
      /40 opens never left k6: 40 generator-full/,
    ],
    ['where k6 hung in the hold', silentFrom(good, 200), /When the close began k6 had said nothing of 6,000 of its agents for 10 s/],
    ['where k6 hung in the close', silentFrom(good, 360), /k6 never said how 6,000 sessions ended/],
    ['where more was answered than sent, so that ticks are missing', oversaid({ back: 1 }), /told of 33,050 messages, and of 33,051 that/],
    ['where more was answered or not than sent', oversaid({ unanswered: 1 }), /told of 33,050 messages, and of 33,051 that/],
    ['where half of the agents never began', halfOf(good), /k6 told of 6,000 of 12,000 agents/],
    ['where nothing was recorded', { ...good, seconds: [] }, /Not one second/],
    ['where it failed besides', { ...losing, ended: 'interrupted' }, /interrupted/],
  ];
  for (const [why, record, says] of cases) {
    test(why, () => {
      const { outcome, invalid } = judged(record);
      assert.equal(outcome, 'not a valid run');
      assert.match(invalid.join('\n'), says);
    });
  }

  test('for generators that are full beyond the knee it stays valid: that is where the knee is', () => {
    assert.notEqual(judged(failingAt(stepped, 90, 'generator-full')).outcome, 'not a valid run');
  });

  test('for a k6 that hung in between it stays valid: what it had to tell came later', () => {
    const hung = silentFrom(good, 200);
    assert.equal(judged({ ...hung, seconds: [...hung.seconds.slice(0, 220), ...good.seconds.slice(220)] }).outcome, 'pass');
  });

  test('for one machine of several it stays valid, whose agents are a share', () => {
    assert.equal(judged({ ...halfOf(good), machine: { number: 1, of: 2 } }).outcome, 'pass');
  });

  test('for trouble alone it stays valid: what is said there was measured around', () => {
    assert.equal(judged({ ...good, troubles: ['descriptors of the far end could not be read'] }).outcome, 'pass');
  });
});

for (const [figure, value, text] of [
  ['openSuccess', 0.99904, '99.904 %'],
  ['openSuccess', 1, '100 %'],
  ['unexpectedDrops', 12_345, '12,345'],
  ['addedP99Us', 1_234, '1,234 µs'],
  ['kibPerTunnel', 1.204, '1.2 KiB'],
  ['recoveryByQuota', 1.5, '1.5 ×'],
  ['recoveryByQuota', 100, '100 ×'],
] as const) {
  test(`${figure} of ${value} reads ${text}`, () => assert.equal(renderValue(figure, value), text));
}
