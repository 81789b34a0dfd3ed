// A run's timeline, with parts that only say what was asked of them, and a clock that jumps from one timer to the next.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findScenario } from '../scenarios.ts';
import type { Mark, Phase } from '../run-record.ts';
import type { Scenario, ScenarioEvent } from '../scenario.ts';
import { Broken, conduct, type Stage } from './conduct.ts';
import { FakeClock } from './testing/fake-clock.ts';

const BEGAN = 1_000_000_000;
const BEGINS = BEGAN + 10_000;
const RAMP_S = 20;

interface Played {
  readonly phases: readonly Phase[];
  readonly marks: Mark[];
  /** Run seconds and what was asked of a part. */
  readonly asked: [number, string][];
  readonly broke: string | null;
}

interface Play {
  readonly scenario: Scenario;
  readonly stage?: (second: () => number) => Partial<Stage>;
  readonly stopAt?: number;
}

async function play({ scenario, stage: more, stopAt }: Play): Promise<Played> {
  const clock = new FakeClock(BEGAN + 2_000);
  const second = (): number => (clock.nowMs() - BEGAN) / 1_000;
  const marks: Mark[] = [];
  const asked: [number, string][] = [];
  const note = (what: string): void => void asked.push([second(), what]);
  const stage: Stage = {
    nodeName: (index) => `n${index}`,
    tunnelsOf: () => Promise.resolve(0),
    kill: async (index) => note(`kill ${index}`),
    start: async (index) => note(`start ${index}`),
    drain: (index) => note(`drain ${index}`),
    undrain: async (index) => note(`undrain ${index}`),
    upgrade: async (index) => note(`upgrade ${index}`),
    throttle: (rate) => note(`throttle ${rate}`),
    farEndDies: () => note('far end dies'),
    farEndReturns: async () => note('far end returns'),
    hostile: (event) => note(event.do),
    ...more?.(second),
    agents: () => ({ established: 100, wanted: 100, ...more?.(second).agents?.() }),
    agentsKnownUntilMs: more?.(second).agentsKnownUntilMs ?? (() => clock.nowMs() - 1_000),
  };
  const stop = new AbortController();
  if (stopAt !== undefined) clock.after((stopAt - 2) * 1_000, () => stop.abort());
  const plan = {
    rampSeconds: scenario.work.kind === 'opens' ? 0 : RAMP_S,
    seconds: (scenario.work.kind === 'opens' ? 0 : RAMP_S) + scenario.holdSeconds,
  };
  const running = conduct({
    ...{ scenario, plan, stage, clock, beganMs: BEGAN, beginsMs: BEGINS, stop: stop.signal },
    marked: (mark) => marks.push(mark),
    entered: () => {},
  });
  try {
    return { phases: await clock.drive(running), marks, asked, broke: null };
  } catch (error) {
    assert.ok(error instanceof Broken, String(error));
    return { phases: error.phases, marks, asked, broke: error.message };
  }
}

const withEvents = (events: readonly ScenarioEvent[], holdSeconds = 100): Scenario => ({
  ...findScenario('hold')!,
  restSeconds: 0,
  holdSeconds,
  events,
});
const shape = (phases: readonly Phase[]): string[] => phases.map(({ name, kind, from, to }) => `${kind} ${name} ${from}-${to}`);

test('without events there is a ramp and a hold, from the first agent to the close', async () => {
  const { phases, asked } = await play({ scenario: withEvents([]) });
  assert.deepEqual(shape(phases), ['ramp ramp 10-30', 'hold hold 30-130']);
  assert.deepEqual(asked, []);
});

test('a ramp that rests half way goes on for what is left', async () => {
  const { phases } = await play({ scenario: { ...withEvents([]), tunnels: 2_001, opensPerSecond: 200, restSeconds: 7 } });
  assert.deepEqual(shape(phases), ['ramp ramp 10-15.005', 'rest rest 15.005-22.005', 'ramp ramp 22.005-30', 'hold hold 30-130']);
});

test('messages step by step after the ramp; opens from the beginning', async () => {
  const steps = [
    { perSecond: 5, seconds: 40 },
    { perSecond: 9, seconds: 60 },
  ];
  const messages = await play({ scenario: { ...withEvents([]), work: { kind: 'messages', bytes: 1, steps } } });
  assert.deepEqual(shape(messages.phases), ['ramp ramp 10-30', 'step 5 messages/s 30-70', 'step 9 messages/s 70-130']);
  assert.deepEqual(
    messages.phases.map(({ askedPerSecond }) => askedPerSecond),
    [200, 5, 9],
  );
  const opens = await play({ scenario: { ...withEvents([]), work: { kind: 'opens', staySeconds: 1, steps } } });
  assert.deepEqual(shape(opens.phases), ['step 5 opens/s 10-50', 'step 9 opens/s 50-110']);
});

const EVERY: readonly (readonly [ScenarioEvent, string, string])[] = [
  [{ after: 10, do: 'kill-node', node: 1 }, 'kill 1', 'n1 dies'],
  [{ after: 10, do: 'start-node', node: 1 }, 'start 1', 'n1 starts again'],
  [{ after: 10, do: 'drain-node', node: 0 }, 'drain 0', 'n0 is drained'],
  [{ after: 10, do: 'undrain-node', node: 0 }, 'undrain 0', 'n0 is taken back'],
  [{ after: 10, do: 'upgrade-node', node: 0 }, 'upgrade 0', 'n0 is upgraded'],
  [{ after: 10, do: 'throttle', connectsPerSecond: 5 }, 'throttle 5', 'the far end takes 5 connects a second'],
  [{ after: 10, do: 'throttle', connectsPerSecond: null }, 'throttle null', 'the far end takes any number of connects'],
  [{ after: 10, do: 'far-end-dies' }, 'far end dies', 'the far end dies'],
  [{ after: 10, do: 'far-end-returns' }, 'far end returns', 'the far end is back'],
  [{ after: 10, do: 'slow-readers', count: 5, bytesPerSecond: 0, seconds: 9 }, 'slow-readers', '5 clients read nothing for 9 s'],
  [{ after: 10, do: 'flood', kind: 'half-open', perSecond: 5, seconds: 9 }, 'flood', '5 connections that say nothing a second for 9 s'],
];
for (const [event, does, what] of EVERY)
  test(`${what}: at its time, once, with a mark`, async () => {
    const { asked, marks } = await play({ scenario: withEvents([event]), stage: () => ({ tunnelsOf: () => Promise.resolve(0) }) });
    assert.deepEqual(asked, [[40, does]]);
    const node = 'node' in event ? `n${event.node}` : null;
    assert.deepEqual(marks, [{ at: 40, what, event: event.do, isPlanned: true, node, tunnels: node === null ? null : 0 }]);
  });

test('a mark has what the node held just before', async () => {
  const { marks } = await play({
    scenario: withEvents([{ after: 10, do: 'kill-node', node: 1 }]),
    stage: (second) => ({ tunnelsOf: () => Promise.resolve(second() < 41 ? 33 : 0) }),
  });
  assert.equal(marks[0]?.tunnels, 33);
});

test('a fault lasts until the agents are back, and the hold goes on after it', async () => {
  const { phases } = await play({
    scenario: withEvents([{ after: 10, do: 'kill-node', node: 0 }]),
    stage: (second) => ({ agents: () => ({ established: second() >= 41 && second() < 70 ? 98 : 100, wanted: 100 }) }),
  });
  assert.deepEqual(shape(phases), ['ramp ramp 10-30', 'hold hold 30-40', 'fault n0 dies 40-70', 'hold hold 70-130']);
});

test('a fault whose agents never come back lasts until the close', async () => {
  const { phases } = await play({
    scenario: withEvents([{ after: 10, do: 'kill-node', node: 0 }]),
    stage: (second) => ({ agents: () => ({ established: second() < 41 ? 100 : 50, wanted: 100 }) }),
  });
  assert.deepEqual(shape(phases).at(-1), 'fault n0 dies 40-130');
});

test('the second before a death is known to k6 does not end the fault', async () => {
  const { phases } = await play({ scenario: withEvents([{ after: 10, do: 'kill-node', node: 0 }]) });
  assert.deepEqual(shape(phases).slice(2), ['fault n0 dies 40-44', 'hold hold 44-130']);
});

test('a fault is not over before every part of k6 has told of a moment after it, however late that is', async () => {
  for (const [heardAgain, over] of [
    [48, 48],
    [500, 130],
  ] as const) {
    const { phases } = await play({
      scenario: withEvents([{ after: 10, do: 'kill-node', node: 0 }]),
      stage: (second) => ({
        agentsKnownUntilMs: () => BEGAN + 1_000 * (second() < heardAgain ? Math.min(second() - 1, 41) : second() - 1),
      }),
    });
    assert.equal(shape(phases)[2], `fault n0 dies 40-${over}`);
  }
});

test('a drain is a fault until its node is empty', async () => {
  const { phases } = await play({
    scenario: withEvents([{ after: 10, do: 'drain-node', node: 0 }]),
    stage: (second) => ({ tunnelsOf: () => Promise.resolve(second() < 90 ? 7 : 0) }),
  });
  assert.deepEqual(shape(phases).slice(2), ['fault n0 is drained 40-90', 'hold hold 90-130']);
});

test('a far end that is dead is a fault until it is back, and so is a throttle until the next', async () => {
  const { phases } = await play({
    scenario: withEvents([
      { after: 10, do: 'throttle', connectsPerSecond: 5 },
      { after: 20, do: 'far-end-dies' },
      { after: 40, do: 'far-end-returns' },
      { after: 60, do: 'throttle', connectsPerSecond: null },
    ]),
  });
  assert.deepEqual(shape(phases).slice(2, 4), ['fault the far end takes 5 connects a second 40-50', 'fault the far end dies 50-90']);
});

test('slow readers, floods and upgrades are no fault: nobody may lose anything by them', async () => {
  const { phases } = await play({
    scenario: withEvents([EVERY.find(([event]) => event.do === 'flood')![0], EVERY.find(([event]) => event.do === 'upgrade-node')![0]]),
    stage: () => ({ agents: () => ({ established: 0, wanted: 100 }) }),
  });
  assert.deepEqual(shape(phases), ['ramp ramp 10-30', 'hold hold 30-130']);
});

for (const [at, last] of [
  [5, undefined],
  [15, 'ramp ramp 10-15'],
  [60, 'hold hold 44-60'],
  [41, 'fault n0 dies 40-41'],
] as const)
  test(`stopped in second ${at} it ends there, does nothing more, and has what was`, async () => {
    const { phases, asked } = await play({
      scenario: withEvents([
        { after: 10, do: 'kill-node', node: 0 },
        { after: 50, do: 'start-node', node: 0 },
      ]),
      stopAt: at,
    });
    assert.equal(shape(phases).at(-1), last);
    assert.equal(asked.length, at < 40 ? 0 : 1);
  });

for (const method of ['kill', 'start', 'undrain', 'upgrade', 'farEndReturns'] as const)
  test(`a ${method} that fails breaks the run, with what was until then`, async () => {
    const words = method === 'farEndReturns' ? 'far-end-returns' : `${method}-node`;
    const [event] = EVERY.find(([{ do: name }]) => name === words)!;
    const { broke, phases, marks } = await play({
      scenario: withEvents([event]),
      stage: () => ({ [method]: () => Promise.reject(new Error('no such luck')) }),
    });
    assert.equal(broke, 'no such luck');
    assert.equal(phases[0]?.name, 'ramp');
    assert.equal(marks.length, 1);
  });
