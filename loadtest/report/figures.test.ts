// Each figure with a run that is good, one that is not, and one that could not show it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AgentsSeen, RunRecord } from '../run-record.ts';
import type { FigureName } from '../scenario.ts';
import { findScenario } from '../scenarios.ts';
import { Histogram } from '../shared/histogram.ts';
import { holding, madeEvents, stalledAt, withSeconds } from '../testing/made-events.ts';
import { type Made, madeRun } from '../testing/made-run.ts';
import { FIGURE_NAMES, figuresOf } from './figures.ts';
import { cautionsOf } from './load.ts';

/** What a figure has to be: near this number, null for a run that could not show it, or what never came. */
type Wanted = number | null | 'never' | { readonly from: number; readonly to: number };

interface Case {
  readonly run: string;
  readonly of: RunRecord;
  readonly is: Wanted;
  readonly words?: RegExp;
}

const messages: NonNullable<Made['steps']> = {
  of: 'messages',
  rates: [
    { perSecond: 500, seconds: 20 },
    { perSecond: 1_000, seconds: 20 },
    { perSecond: 4_000, seconds: 20 },
  ],
  mostPerSecond: 1_000,
};
/** The last of the steps begins at 100 s. */
const expected = messages.rates.map((step, index) => (index === 2 ? { ...step, isBeyondKnee: true as const } : step));
/** k6 takes half a core, and two once more is asked for than can be had. */
const BUSY_BEYOND = withSeconds(madeRun({ k6Cores: 0.5, steps: { ...messages, rates: expected } }), ({ roles, ...second }) => ({
  ...second,
  roles: { ...roles, k6: { ...roles['k6']!, cpuSeconds: second.at < 100 ? 0.5 : 1.9 } },
}));
/** Opens at two rates that the fleet should take, and then more than can be had; of the ramp before them its last second is left. */
const SWEEP = withAgents(
  madeRun({
    steps: {
      of: 'opens',
      rates: [
        { perSecond: 50, seconds: 20 },
        { perSecond: 100, seconds: 20 },
        { perSecond: 900, seconds: 20, isBeyondKnee: true },
      ],
      mostPerSecond: 300,
    },
  }),
  (agents) => (agents.tried === 100 && agents.established < 6_000 ? { ...agents, tried: 0, opened: 0 } : agents),
);
/** 500 slow readers from 90 to 150, 200 more from 160 to 220. */
const SLOW = madeEvents('slow');
const killed = madeRun({ kill: { after: 30, backPerSecond: 450 } });
const lost = 2_000;

const CASES: Readonly<Record<FigureName, readonly Case[]>> = {
  openSuccess: [
    { run: 'in which all succeed', of: madeRun(), is: 1 },
    {
      run: 'in which one of a hundred is refused',
      of: withAgents(madeRun(), (agents) => ({ ...agents, failed: { NODE_FULL: agents.opened / 99 } })),
      is: 0.99,
      words: /NODE_FULL/,
    },
    { run: 'in which opens fail in a fault alone', of: failingInFault(killed), is: 1 },
    { run: 'in which they fail in the very second in which the fault begins', of: failingAsFaultBegins(killed), is: 1 },
    {
      run: 'of a proxy that is silent to half of them',
      of: withAgents(madeRun(), (agents) => ({ ...agents, tried: agents.opened * 2 })),
      is: { from: 0.49, to: 0.52 },
      words: /never came to anything/,
    },
    { run: 'whose opens fail beyond the knee alone', of: SWEEP, is: 1, words: /3,100 of 3,100 opens within the knee/ },
    {
      run: 'whose opens fail at a rate that the fleet should take',
      of: withAgents(SWEEP, (agents) => (agents.tried === 50 ? { ...agents, opened: 40, failed: { NODE_FULL: 10 } } : agents)),
      is: { from: 0.9, to: 0.95 },
      words: /within the knee succeeded: \d+ NODE_FULL/,
    },
    {
      run: 'whose proxy is silent at a rate that it should take',
      of: withAgents(SWEEP, (agents) => (agents.tried === 100 ? { ...agents, opened: 0 } : agents)),
      is: { from: 0.3, to: 0.7 },
      words: /never came to anything/,
    },
    { run: 'without an open', of: withAgents(madeRun(), (agents) => ({ ...agents, opened: 0, tried: 0 })), is: null },
  ],
  unexpectedDrops: [
    { run: 'that loses nothing', of: madeRun(), is: 0 },
    { run: 'that loses three sessions', of: droppingAt(madeRun(), 100, 3), is: 3, words: /1006 3/ },
    { run: 'in which a node is killed', of: killed, is: lost },
    { run: 'in which no session ever stood', of: withAgents(madeRun(), (agents) => ({ ...agents, opened: 0 })), is: null },
  ],
  survivorsDropped: [
    { run: 'that loses only what the dead node held', of: killed, is: 0 },
    { run: 'that loses two more', of: droppingAt(killed, 200, 2), is: 2 },
    { run: 'of which nobody knows what the dead node held', of: withMarks(killed, { tunnels: null }), is: null },
    {
      run: 'in which a node that is upgraded loses some',
      of: withMarks(killed, { event: 'upgrade-node' }),
      is: lost,
    },
    { run: 'whose drain ended early, and closed less than the node held', of: drained(400), is: lost - 400 },
    { run: 'whose drain closed all that the node held, from its very first second on', of: drained(lost), is: 0 },
  ],
  drainedShare: [
    { run: 'whose drain closes all', of: drained(lost), is: 1, words: /node-2 closed 2,000 of the 2,000 .*, 99 % of them within 21 s/ },
    { run: 'whose drain moves nothing', of: drained(0), is: 0, words: /node-2 closed 0 of the 2,000 tunnels that it held$/ },
    { run: 'whose drain stops half way', of: drained(lost / 2), is: 0.5 },
    { run: 'whose node is taken back before it is empty', of: takenBackAt(drained(lost), 101), is: 0.5 },
    { run: 'of which nobody knows what the node held', of: withMarks(drained(lost), { tunnels: null }), is: null, words: /nobody knows/ },
    { run: 'whose node held nothing', of: withMarks(drained(0), { tunnels: 0 }), is: null, words: /held no tunnel/ },
    { run: 'whose node could not be looked at', of: unlooked(drained(lost)), is: null, words: /nobody knows what node-2 closed/ },
    { run: 'without a drain', of: killed, is: null },
  ],
  drainPace: [
    {
      run: 'whose drain keeps to 39 a second, of 41',
      of: drained(lost, 39),
      is: 390 / 451,
      words: /390 tunnels in 10 s at most, and may close 451/,
    },
    { run: 'whose drain closes 100 a second', of: drained(lost, 100), is: 1_000 / 451 },
    { run: 'whose drain closes all at once', of: drained(lost, lost), is: 2_000 / 451 },
    { run: 'whose drain moves nothing', of: drained(0), is: 0 },
    {
      run: 'whose node held too little to have a pace',
      of: withMarks(drained(0), { tunnels: 451 }),
      is: null,
      words: /too few to have a pace/,
    },
    { run: 'whose node could not be looked at', of: unlooked(drained(lost)), is: null },
    { run: 'without a drain', of: killed, is: null },
  ],
  backAtEnd: [
    { run: 'in which all stand', of: madeRun(), is: 1 },
    { run: 'in which all are back', of: killed, is: 1 },
    {
      run: 'whose fault nothing recovers from',
      of: madeRun({ kill: { after: 30, backPerSecond: 0 } }),
      is: 0.667,
      words: /4,000 of 6,000 sessions stood/,
    },
    { run: 'that did not come to its close', of: { ...killed, phases: killed.phases.slice(0, -1) }, is: null, words: /its close/ },
    { run: 'that wanted no session', of: withAgents(madeRun(), (agents) => ({ ...agents, wanted: 0 })), is: null },
  ],
  messagesAnswered: [
    { run: 'in which all are answered', of: madeRun(), is: 1 },
    { run: 'in which a tenth is not', of: answering(0.9, 0.1), is: 0.9, words: /of \d\d,\d{3} messages were answered$/ },
    {
      run: 'in which a tenth is lost, and a tenth comes too late to know',
      of: answering(0.8, 0.1),
      is: 0.889,
      words: /; 3,3\d\d were still/,
    },
    { run: 'in which one session loses all that it sent in its last second', of: losingInClose(50), is: { from: 0.998, to: 0.9985 } },
    {
      run: 'in which messages are on their way at the end, and none is lost',
      of: answering(0.99, 0),
      is: 1,
      words: /were still on their way/,
    },
    { run: 'of which it is known of no message what became of it', of: answering(0, 0), is: null, words: /nobody waited/ },
    { run: 'without a message', of: withAgents(madeRun(), (agents) => ({ ...agents, sent: 0, back: 0 })), is: null },
  ],
  achievedRate: [
    { run: 'whose ramp comes as asked', of: madeRun(), is: 1 },
    {
      run: 'whose ramp gets half way',
      of: withAgents(madeRun(), (agents) => ({ ...agents, established: agents.established / 2 })),
      is: 0.5,
      words: /ramp/,
    },
    {
      run: 'with a step that nobody expected to be beyond the knee',
      of: madeRun({ steps: messages }),
      is: 0.25,
      words: /4000\/s: 1000 of 4000/,
    },
    { run: 'with a step that is meant to be', of: madeRun({ steps: { ...messages, rates: expected } }), is: 1 },
    {
      run: 'of one machine of three, which does a third of what all are asked',
      of: onThird(madeRun({ steps: { ...messages, rates: [{ perSecond: 900, seconds: 20 }], mostPerSecond: 300 } })),
      is: 1,
    },
    { run: 'of opens', of: madeRun({ steps: { ...messages, of: 'opens', mostPerSecond: 3_000 } }), is: 0.75 },
    { run: 'that ends within its ramp', of: cutAt(madeRun(), 30), is: null },
  ],
  addedP99Us: [
    { run: 'whose probe saw both ways', of: probed(500, 300), is: { from: 190, to: 210 } },
    { run: 'whose proxy adds 2 ms', of: probed(2_300, 300), is: { from: 1_940, to: 2_060 } },
    { run: 'without the probe', of: { ...madeRun(), probe: null }, is: null, words: /did not run/ },
    { run: 'whose probe saw too little for a p99', of: probed(500, 300, 99), is: null },
    {
      run: 'whose proxy left more than one turn of a hundred without an answer',
      of: probed(500, 300, 1_000, { through: 11, past: 0 }),
      is: { from: 9.7e6, to: 10.3e6 },
      words: /1,011 messages, 11 of them without an answer, which count 10 s/,
    },
    { run: 'whose proxy left fewer', of: probed(500, 300, 1_000, { through: 9, past: 10 }), is: { from: 190, to: 210 } },
    {
      run: 'whose far end left more than one of a hundred without an answer',
      of: probed(500, 300, 1_000, { through: 0, past: 11 }),
      is: null,
      words: /past the proxy 11 of 1,011 messages had no answer/,
    },
  ],
  besideP99Us: [
    {
      run: 'whose agents notice nothing',
      of: SLOW,
      is: { from: -2_000, to: 2_000 },
      words: /^slow-readers: p99 .* in the worst 10 s, .* before$/,
    },
    { run: 'in which everybody stands still for half a second', of: stalledAt(SLOW, 120), is: { from: 350_000, to: 420_000 } },
    { run: 'in which that is between two events', of: stalledAt(SLOW, 155), is: { from: -2_000, to: 2_000 } },
    { run: 'that stands still by itself', of: stalledAt(SLOW, 70), is: null, words: /too busy to tell/ },
    {
      run: 'with too few agents for a p99',
      of: withAgents(SLOW, (agents) => ({ ...agents, roundTripUs: [] })),
      is: null,
      words: /takes 100 answers/,
    },
    { run: 'in which nobody comes beside the agents', of: killed, is: null },
  ],
  kibPerSlowReader: [
    { run: 'whose nodes hold 100 KiB for each', of: SLOW, is: { from: 99, to: 101 }, words: /the buffers of the kernel by/ },
    { run: 'whose nodes hold all that they ask for', of: holding(SLOW, SLOW.scenario.events[0]!, 796, 0), is: { from: 895, to: 897 } },
    {
      run: 'whose buffers do not fill',
      of: holding(SLOW, SLOW.scenario.events[1]!, 0, -120),
      is: null,
      words: /made no node hold anything/,
    },
    {
      run: 'of which a while has no memory that could be read',
      of: withSeconds(SLOW, (second) => (second.at > 125 && second.at < 149 ? { ...second, roles: {} } : second)),
      is: null,
      words: /too few seconds/,
    },
    { run: 'without slow readers', of: killed, is: null },
  ],
  kibPerTunnel: [
    { run: 'with 1.2 KiB for a tunnel', of: madeRun({ kibPerTunnel: 1.2 }), is: { from: 1.15, to: 1.25 }, words: /95 % sure/ },
    {
      run: 'whose ramp rests, by its carriers',
      of: madeRun({ kibPerTunnel: 1.2, tunnels: 50_000, restSeconds: 45 }),
      is: { from: 1.18, to: 1.22 },
      words: /of 9 carriers/,
    },
    {
      run: 'whose carriers are too far apart',
      of: madeRun({ kibPerTunnel: 0.01, tunnels: 50_000, restSeconds: 45, garbageKib: 200_000 }),
      is: null,
      words: /lost in what processes/,
    },
    {
      run: 'whose hold is too short for them',
      of: madeRun({ restSeconds: 45, holdSeconds: 30 }),
      is: null,
      words: /three carriers/,
    },
    { run: 'with 33 KiB for a tunnel', of: madeRun({ kibPerTunnel: 33 }), is: { from: 32.9, to: 33.1 } },
    { run: 'of no proxy', of: madeRun({ scenario: { through: 'direct' } }), is: null },
    {
      run: 'of another proxy, which says nothing of its tunnels',
      of: asSquid(madeRun({ kibPerTunnel: 32 })),
      is: { from: 31.9, to: 32.1 },
    },
    {
      run: 'whose tunnels cost less than what a collector of garbage gives back',
      of: madeRun({ kibPerTunnel: 0.05, growthKibPerSecond: -60 }),
      is: null,
      words: /lost in what processes take and give back/,
    },
    { run: 'with too few tunnels for a slope', of: madeRun({ tunnels: 400 }), is: null },
  ],
  recoveryByQuota: [
    {
      run: 'back at 450 a second',
      of: killed,
      is: { from: 1, to: 1.5 },
      words: /node-1: 99 % of 2,000 back in 6 s; at 500\/s it takes 4.0 s/,
    },
    { run: 'back at 50 a second', of: madeRun({ kill: { after: 30, backPerSecond: 50 } }), is: { from: 9, to: 11 } },
    { run: 'never back', of: madeRun({ kill: { after: 30, backPerSecond: 0 } }), is: 'never' },
    { run: 'that ends before anybody can say', of: cutAt(madeRun({ kill: { after: 30, backPerSecond: 0 } }), 95), is: null },
    {
      run: 'of which nobody knows what the dead node held',
      of: withMarks(killed, { tunnels: null }),
      is: null,
      words: /nobody knows what node-1 held/,
    },
    { run: 'whose dead node held nothing', of: withMarks(killed, { tunnels: 0 }), is: null, words: /no node that held tunnels/ },
    { run: 'without a death', of: madeRun(), is: null },
    { run: 'without a quota', of: madeRun({ scenario: { quota: null }, kill: { after: 30, backPerSecond: 450 } }), is: null },
  ],
  connectsOverQuota: [
    { run: 'within the quota', of: madeRun(), is: 0 },
    {
      run: 'with 50 above it',
      of: withSeconds(madeRun(), (second) =>
        second.at === 10 && second.farEnd ? { ...second, farEnd: { ...second.farEnd, overQuota: 50 } } : second,
      ),
      is: 50,
    },
    { run: 'without a quota', of: madeRun({ scenario: { quota: null } }), is: null },
    {
      run: 'whose far end was not read for a while',
      of: withSeconds(madeRun(), (second) => (second.at < 20 ? { ...second, farEnd: null } : second)),
      is: null,
      words: /20 of 360 seconds/,
    },
  ],
  refusalsWithRetryAfter: [
    { run: 'in which every refusal for rate says when to come back', of: madeRun(), is: 1 },
    {
      run: 'in which half of them do',
      of: refusing([{ status: 503, reason: 'NODE_FULL', count: 10, retryAfterSeconds: { count: 5, least: 5, most: 9 } }]),
      is: 0.5,
    },
    { run: 'in which none does', of: refusing([{ status: 429, reason: 'SOURCE_LIMITED', count: 10, retryAfterSeconds: null }]), is: 0 },
    {
      run: 'that refused for other reasons alone',
      of: refusing([{ status: 403, reason: 'TARGET_NOT_ALLOWED', count: 10, retryAfterSeconds: null }]),
      is: null,
    },
  ],
  descriptorsBackSeconds: [
    { run: 'that gives them back in 4 s', of: madeRun(), is: 4 },
    {
      run: 'that never does',
      of: { ...madeRun(), descriptors: { before: 100, after: 340, backAtMs: null } },
      is: 'never',
      words: /still 340/,
    },
    { run: 'that looks for the first time 12 s after the last close', of: lookingLate(madeRun(), 8), is: 12, words: /within 12 s/ },
    {
      run: 'in which nobody ever closed a session',
      of: withAgents(madeRun(), (agents) => ({ ...agents, closed: 0 })),
      is: null,
    },
    { run: 'that did not look', of: { ...madeRun(), descriptors: null }, is: null },
  ],
  generatorShare: [
    { run: 'with k6 at half a core of two', of: madeRun({ k6Cores: 0.5 }), is: 0.25 },
    { run: 'with k6 at all of them', of: madeRun({ k6Cores: 1.9 }), is: 0.95 },
    {
      run: 'with k6 at all of them, of which a second in five was not read',
      of: withSeconds(madeRun({ k6Cores: 1.9 }), (second) => (second.at % 5 === 0 ? { ...second, roles: {} } : second)),
      is: 0.95,
    },
    {
      run: 'with k6 busy now and then, and every other second not read',
      of: withSeconds(madeRun({ k6Cores: 1.9 }), (second) => (second.at % 2 === 0 ? { ...second, roles: {} } : second)),
      is: null,
    },
    { run: 'with k6 at all of them in nothing but a step beyond the knee', of: BUSY_BEYOND, is: 0.25 },
    { run: 'without the CPU of k6', of: withSeconds(madeRun(), (second) => ({ ...second, roles: {} })), is: null },
  ],
  memoryGrowthPerHour: [
    { run: 'that stays as it is', of: madeRun(), is: { from: -0.01, to: 0.01 } },
    { run: 'that grows by 48 MiB in ten minutes', of: madeRun({ holdSeconds: 600, growthKibPerSecond: 82 }), is: { from: 0.55, to: 0.65 } },
    {
      run: 'of which a while has no memory that could be read',
      of: withSeconds(madeRun(), (second) =>
        second.at > 200 && second.at < 220 && second.roles['pinhole']
          ? { ...second, roles: { pinhole: { ...second.roles['pinhole'], userKib: null } } }
          : second,
      ),
      is: { from: -0.01, to: 0.01 },
    },
    { run: 'with a hold of a minute', of: madeRun({ holdSeconds: 60 }), is: null },
  ],
};

test('what a scenario asks and a smaller run of it cannot is named', () => {
  assert.match(
    cautionsOf(madeRun({ scenario: { name: 'soak' } })).join(),
    /^Not judged in a run of this size or kind: .*; Growth of memory an hour/,
  );
  const { thresholds } = findScenario('soak')!;
  assert.deepEqual(cautionsOf(madeRun({ scenario: { name: 'soak', thresholds } })), []);
});

test('of k6 that takes the machine beyond the knee alone a reader is told whose knee that is', () => {
  const words = /Beyond the knee k6 took 95 % of the machine for 10 s: what was achieved there is as much as k6 could do/;
  assert.match(cautionsOf(BUSY_BEYOND).join(), words);
  assert.doesNotMatch(cautionsOf(madeRun({ k6Cores: 1.9 })).join(), /knee k6/);
});

for (const name of FIGURE_NAMES) {
  describe(name, () => {
    for (const { run, of, is, words } of CASES[name]) {
      test(`of a run ${run}`, () => {
        const figure = figuresOf(of)[name];
        if (is === 'never') assert.equal(figure.never, true, figure.words);
        else assert.equal(figure.never, undefined, figure.words);
        if (is === null || is === 'never') assert.equal(figure.value, null, figure.words);
        else {
          const { from, to } = typeof is === 'number' ? { from: is - 0.005, to: is + 0.005 } : is;
          assert.ok(figure.value !== null && from <= figure.value && figure.value <= to, `${figure.value}: ${figure.words}`);
        }
        assert.match(figure.words, words ?? /\w+ \w+/);
      });
    }
  });
}

test('a record without a second gives every figure, and most of them none', () => {
  const figures = figuresOf({ ...madeRun(), seconds: [], phases: [], marks: [], probe: null, descriptors: null });
  for (const name of FIGURE_NAMES) assert.equal(figures[name].value, null, name);
});

function withAgents(record: RunRecord, change: (agents: AgentsSeen) => AgentsSeen): RunRecord {
  return withSeconds(record, (second) => ({ ...second, agents: change(second.agents) }));
}

function droppingAt(record: RunRecord, at: number, count: number): RunRecord {
  return withSeconds(record, (second) =>
    second.at === at ? { ...second, agents: { ...second.agents, dropped: { '1006': count } } } : second,
  );
}

function withMarks(record: RunRecord, change: Partial<RunRecord['marks'][number]>): RunRecord {
  return { ...record, marks: record.marks.map((mark) => ({ ...mark, ...change })) };
}

function failingInFault(record: RunRecord): RunRecord {
  return withSeconds(record, (second) =>
    second.at > 90 && second.at < 95 ? { ...second, agents: { ...second.agents, failed: { NODE_FULL: 500 } } } : second,
  );
}

function failingAsFaultBegins(record: RunRecord): RunRecord {
  const from = record.phases.find(({ kind }) => kind === 'fault')?.from ?? 0;
  const later = (moment: number): number => (moment === from ? from + 0.55 : moment);
  const phases = record.phases.map((phase) => ({ ...phase, from: later(phase.from), to: later(phase.to) }));
  return withSeconds({ ...record, phases }, (second) =>
    second.at === from ? { ...second, agents: { ...second.agents, failed: { NODE_FULL: 500 } } } : second,
  );
}

function drained(closed: number, perSecond = 100): RunRecord {
  const record = withMarks(killed, { event: 'drain-node', node: 'node-2' });
  return withSeconds(record, (second) => {
    const node = second.nodes['node-2'];
    return node
      ? {
          ...second,
          nodes: {
            ...second.nodes,
            'node-2': { ...node, closes: second.at < 92 ? {} : { drain: Math.min(closed, (second.at - 91) * perSecond) } },
          },
        }
      : second;
  });
}

function takenBackAt(record: RunRecord, at: number): RunRecord {
  const marks = record.marks.flatMap((mark) => [mark, { ...mark, at, event: 'undrain-node' as const }]);
  return { ...record, marks };
}

/** Its metrics do not answer from the drain on. */
function unlooked(record: RunRecord): RunRecord {
  return withSeconds(record, (second) => (second.at < 90 ? second : { ...second, nodes: { ...second.nodes, 'node-2': null } }));
}

/** k6 and the probe take so long to end, and before that nobody looks. */
function lookingLate(record: RunRecord, seconds: number): RunRecord {
  const { descriptors } = record;
  return { ...record, descriptors: descriptors && { ...descriptors, backAtMs: (descriptors.backAtMs ?? 0) + seconds * 1_000 } };
}

function onThird(record: RunRecord): RunRecord {
  return { ...record, machine: { number: 2, of: 3 } };
}

function cutAt(record: RunRecord, at: number): RunRecord {
  return { ...record, seconds: record.seconds.filter((second) => second.at < at) };
}

function probed(throughUs: number, pastUs: number, count = 1_000, missing = { through: 0, past: 0 }): RunRecord {
  const of = (value: number) => {
    const histogram = new Histogram();
    for (let index = 0; index < count; index += 1) histogram.add(value);
    return histogram.sparse();
  };
  const record = madeRun();
  const afterMs = record.probe?.missing.afterMs ?? 0;
  const seen = { throughUs: of(throughUs), directUs: of(pastUs), missing: { ...missing, afterMs } };
  return { ...record, probe: record.probe && { ...record.probe, ...seen } };
}

function refusing(refusals: NonNullable<RunRecord['probe']>['refusals']): RunRecord {
  const record = madeRun();
  return { ...record, probe: record.probe && { ...record.probe, refusals } };
}

/** Such shares of what was sent came back, and did not. */
function answering(back: number, unanswered: number): RunRecord {
  return withAgents(madeRun(), (agents) => ({ ...agents, back: agents.sent * back, unanswered: agents.sent * unanswered }));
}

/** So many that were sent in the last second before the close; it is told in the close. */
function losingInClose(count: number): RunRecord {
  return withSeconds(madeRun(), (second) => {
    const { agents } = second;
    if (second.at === 359) return { ...second, agents: { ...agents, back: agents.back - count } };
    return second.at === 360 ? { ...second, agents: { ...agents, unanswered: count } } : second;
  });
}

function asSquid(record: RunRecord): RunRecord {
  return withSeconds({ ...record, scenario: { ...record.scenario, through: 'squid' } }, ({ roles: { pinhole, ...roles }, ...second }) => ({
    ...second,
    nodes: {},
    roles: pinhole ? { ...roles, squid: pinhole } : roles,
  }));
}
