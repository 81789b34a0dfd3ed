// Every scenario in which something is done to the fleet passes where all goes well, and does not where that came to nothing, or where those
// suffered to whom nothing was done.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figuresOf } from './report/figures.ts';
import { judge } from './report/verdict.ts';
import type { RunRecord } from './run-record.ts';
import type { ScenarioEvent } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { backFrom, draining, droppingAt, holding, madeEvents, stalledAt, withSeconds } from './testing/made-events.ts';
import { madeRun } from './testing/made-run.ts';

/** What shows it, in the words of what is not held, and what has come of a run that is good. */
type Spoilt = Partial<
  Record<ScenarioEvent['do'], Readonly<Record<string, readonly [shownBy: string, spoil: (good: RunRecord) => RunRecord]>>>
>;

const markOf = (record: RunRecord, event: ScenarioEvent['do']): number => record.marks.find((mark) => mark.event === event)?.at ?? 0;

/** What each event of a scenario can come to, other than what it is for. */
const SPOILT: Readonly<Record<string, Spoilt>> = {
  storm: {
    'kill-node': {
      'the node held nothing': ['recoveryByQuota', (good) => ({ ...good, marks: good.marks.map((mark) => ({ ...mark, tunnels: 0 })) })],
      'nobody is back': ['backAtEnd', ({ scenario }) => storm(scenario, 0)],
      'all are back long after the quota would have had them': [
        'recoveryByQuota',
        ({ scenario }) => storm(scenario, 0.5 * (scenario.quota ?? 0)),
      ],
      'others lose sessions, too': ['survivorsDropped', (good) => droppingAt(good, markOf(good, 'kill-node') + 20, 3)],
      'all come at once': ['connectsOverQuota', over],
    },
  },
  drain: {
    'drain-node': {
      'it closes nothing': ['drainedShare', (good) => draining(madeWithout(good), 0, 0)],
      'it stops half way': ['drainedShare', (good) => draining(madeWithout(good), 500, 39)],
      'it closes everything at once': ['drainPace', (good) => draining(madeWithout(good), 1_000, 1_000)],
      'others lose sessions, too': ['survivorsDropped', (good) => droppingAt(good, markOf(good, 'drain-node') + 200, 3)],
    },
    'undrain-node': { 'sessions are lost by it': ['survivorsDropped', (good) => droppingAt(good, markOf(good, 'undrain-node'), 3)] },
  },
  upgrade: {
    'upgrade-node': {
      'it closes a tunnel': ['unexpectedDrops', (good) => droppingAt(good, markOf(good, 'upgrade-node') + 1, 1)],
      'tunnels stand and carry nothing': [
        'messagesAnswered',
        (good) =>
          withSeconds(good, (second) =>
            second.at < markOf(good, 'upgrade-node')
              ? second
              : { ...second, agents: { ...second.agents, back: 0, unanswered: second.agents.sent } },
          ),
      ],
    },
  },
  brownout: {
    throttle: { 'all come at once': ['connectsOverQuota', over] },
    'far-end-dies': { 'it goes on as ever': ['unexpectedDrops', madeWithout] },
    'far-end-returns': {
      'nobody is back': ['backAtEnd', (good) => backFrom(good, markOf(good, 'far-end-dies'), Infinity)],
      'a third is not': ['backAtEnd', (good) => backFrom(good, markOf(good, 'far-end-dies'), (good.seconds.at(-1)?.at ?? 0) - 50)],
    },
  },
  slow: {
    'slow-readers': {
      'they make no node hold anything': ['kibPerSlowReader', (good) => everySlow(madeWithout(good), 0, 0)],
      'a node holds all that they ask for': ['kibPerSlowReader', (good) => everySlow(madeWithout(good), 896, 72)],
      'the second of them alone cost as much': ['kibPerSlowReader', (good) => holding(good, slowOf(good)[1]!, 800, 0)],
      'everybody stands still for half a second': ['besideP99Us', (good) => stalledAt(good, markOf(good, 'slow-readers') + 30)],
      'others lose sessions': ['unexpectedDrops', (good) => droppingAt(good, markOf(good, 'slow-readers') + 5, 1)],
    },
  },
  flood: {
    flood: {
      ...Object.fromEntries(
        [0, 1, 2].map((number) => [
          `everybody stands still for half a second in number ${number + 1}`,
          ['besideP99Us', (good: RunRecord) => stalledAt(good, (good.marks[number]?.at ?? 0) + 30)] as const,
        ]),
      ),
      'others lose sessions': ['unexpectedDrops', (good) => droppingAt(good, markOf(good, 'flood') + 5, 1)],
      'it did not come about': [
        'were answered',
        (good) => ({ ...good, ended: 'broken', troubles: ['of 6000 refused 0 were answered by a refusal'] }),
      ],
    },
  },
};

const outcomeOf = (record: RunRecord): string => judge(record, figuresOf(record)).outcome;

test('every event of every scenario is here', () => {
  const events = SCENARIOS.filter((one) => one.events.length > 0).map((one) => [
    one.name,
    [...new Set(one.events.map((event) => event.do))],
  ]);
  assert.deepEqual(
    events,
    Object.entries(SPOILT).map(([name, spoilt]) => [name, Object.keys(spoilt)]),
  );
});

for (const [name, spoilt] of Object.entries(SPOILT)) {
  describe(name, () => {
    const good = madeEvents(name);
    test('passes where all goes well', () => assert.deepEqual(why(good), []));
    for (const [event, ways] of Object.entries(spoilt))
      for (const [how, [shownBy, spoil]] of Object.entries(ways))
        test(`does not pass where of ${event} ${how}`, () => {
          assert.notEqual(outcomeOf(spoil(good)), 'pass');
          assert.ok(
            why(spoil(good)).some((words) => words.includes(shownBy)),
            why(spoil(good)).join('\n'),
          );
        });
  });
}

/** Thresholds that are not held, and why the run is not valid. */
function why(record: RunRecord): readonly string[] {
  const figures = figuresOf(record);
  const { thresholds, invalid } = judge(record, figures);
  return [...invalid, ...thresholds.flatMap(({ figure, isHeld }) => (isHeld ? [] : [`${figure}: ${figures[figure].words}`]))];
}

function sizeOf({ tunnels, nodes, holdSeconds }: RunRecord['scenario']) {
  return { tunnels, nodes, holdSeconds };
}

function storm(scenario: RunRecord['scenario'], backPerSecond: number): RunRecord {
  return madeRun({ ...sizeOf(scenario), scenario, kill: { after: scenario.events[0]?.after ?? 0, backPerSecond } });
}

/** The same with nothing done. */
function madeWithout({ scenario, marks }: RunRecord): RunRecord {
  return { ...madeRun({ ...sizeOf(scenario), scenario }), marks };
}

function slowOf({ scenario }: RunRecord): readonly ScenarioEvent[] {
  return scenario.events.filter((event) => event.do === 'slow-readers');
}

function everySlow(record: RunRecord, nodeKib: number, kernelKib: number): RunRecord {
  return slowOf(record).reduce((done, event) => holding(done, event, nodeKib, kernelKib), record);
}

/** In a second of the fault the far end gets more CONNECTs than the quota. */
function over(good: RunRecord): RunRecord {
  const at = (good.marks[0]?.at ?? 0) + 30;
  return withSeconds(good, (second) =>
    second.at === at && second.farEnd !== null ? { ...second, farEnd: { ...second.farEnd, overQuota: 40 } } : second,
  );
}
