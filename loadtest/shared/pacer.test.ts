// A VU's agents as the VU drives them (k6/vu.ts), on a machine that is late, stands still, or begins when half of the run is over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentPlan } from './agent-plan.ts';
import { Agent } from './agent.ts';
import { Pacer } from './pacer.ts';
import { numbersOf, opensAtMs } from './schedule.ts';
import { Wakes } from './wakes.ts';

const BEGIN = 1_790_000_000_000;
const MINUTE = 60_000;

/** 25,000 agents at 475 of the 500 tries a second: a VU has 500 agents, and ten tries a second. */
const PLAN: AgentPlan = {
  ...{ url: 'ws://far.test:443/mqtt', beginsMs: BEGIN, endsMs: BEGIN + 60 * MINUTE, tunnels: 25_000, vus: 50, opensPerSecond: 475 },
  ...{ triesPerSecond: 500, restSeconds: 0, work: { kind: 'ping', everySeconds: 60 }, clientIdPrefix: 'agent-' },
  backoff: { firstMs: 1_000, capMs: 120_000 },
};
const SHARE = 10;

interface World {
  /** When the VU begins, and when nobody looks any more; from the plan's begin. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How late a timer is. */
  readonly lateMs: () => number;
  /** The VU stands still; from the plan's begin. */
  readonly stall?: readonly [fromMs: number, untilMs: number];
  readonly isFailing?: boolean;
}

interface Try {
  readonly atMs: number;
  readonly dueMs: number;
}

const HANDSHAKE_MS = 5;
const CALM: World = { fromMs: 0, untilMs: 2 * MINUTE, lateMs: lateness(0, 3) };

function run(plan: AgentPlan, vu: number, { fromMs, untilMs, lateMs, stall, isFailing = false }: World): Try[] {
  const pacer = new Pacer<Agent>(plan, vu);
  const random = lateness(0, 1);
  const wakes = new Wakes<{ agent: Agent; hasAnswer: boolean }>();
  for (const number of numbersOf(plan, vu)) {
    const agent = new Agent({ opensAtMs: opensAtMs(plan, number), cadence: null, stayMs: null, backoff: plan.backoff, random });
    wakes.add({ atMs: agent.wakeMs, who: { agent, hasAnswer: false } });
  }
  const tries: Try[] = [];
  let nowMs = BEGIN + fromMs;
  for (;;) {
    const atMs = Math.min(wakes.first?.atMs ?? Infinity, pacer.atMs);
    if (atMs > BEGIN + untilMs) return tries;
    nowMs = Math.max(nowMs, atMs + lateMs());
    if (stall !== undefined && nowMs > BEGIN + stall[0]) nowMs = Math.max(nowMs, BEGIN + stall[1]);
    for (let wake = wakes.take(nowMs); wake !== undefined; wake = wakes.take(nowMs)) {
      const { agent, hasAnswer } = wake.who;
      if (!hasAnswer) pacer.enter(agent, agent.wakeMs, nowMs);
      else if (isFailing) {
        agent.lost('1006', 'tcp-refused', nowMs);
        wakes.add({ atMs: agent.wakeMs, who: { agent, hasAnswer: false } });
      }
    }
    for (let agent = pacer.next(nowMs); agent !== undefined; agent = pacer.next(nowMs)) {
      tries.push({ atMs: nowMs, dueMs: agent.wakeMs });
      agent.wake(nowMs);
      pacer.tried(nowMs);
      wakes.add({ atMs: nowMs + HANDSHAKE_MS, who: { agent, hasAnswer: true } });
    }
  }
}

/** Lehmer's generator: chance that is the same in every run. */
function lateness(least: number, most: number): () => number {
  let state = 7;
  return () => least + ((most - least) * (state = (state * 48_271) % 2_147_483_647)) / 2_147_483_647;
}

function mostWithin(tries: readonly Try[], windowMs: number): number {
  let [first, most] = [0, 0];
  tries.forEach(({ atMs }, last) => {
    while (atMs - (tries[first]?.atMs ?? atMs) >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

function assertPaced(tries: readonly Try[], perSecond: number): void {
  for (const seconds of [1, 2, 10, 60]) {
    const most = mostWithin(tries, seconds * 1_000);
    assert.ok(most <= perSecond * seconds + 1, `${most} tries within ${seconds} s, and ${perSecond} a second are the most`);
  }
}

const waits = (tries: readonly Try[]): number[] => tries.map(({ atMs, dueMs }) => atMs - dueMs);

test('a ramp that is on time comes as planned: nobody waits for more than a timer', () => {
  for (const vu of [0, 7, 49]) {
    const tries = run(PLAN, vu, CALM);
    assert.equal(tries.length, 500);
    assertPaced(tries, SHARE);
    assert.ok(Math.max(...waits(tries)) <= 3, `${Math.max(...waits(tries))} ms`);
  }
});

for (const [what, world] of [
  ['begins 11 minutes late', { ...CALM, fromMs: 11 * MINUTE, untilMs: 13 * MINUTE }],
  ['stands still for 30 s', { ...CALM, untilMs: 15 * MINUTE, stall: [20_000, 50_000] }],
  ['stands still for a moment', { ...CALM, stall: [20_000, 20_180] }],
  ['fails in every try, also in the ramp', { ...CALM, untilMs: 4 * MINUTE, isFailing: true }],
  ['fails in every try, and stands still', { ...CALM, untilMs: 4 * MINUTE, isFailing: true, stall: [70_000, 100_000] }],
  ['has timers that are late by whole gaps', { ...CALM, lateMs: lateness(0, 350) }],
] as const satisfies readonly (readonly [string, World])[])
  test(`a VU that ${what} has its share of tries and no more`, () => {
    const tries = run(PLAN, 7, world);
    assert.ok(tries.length >= 500, String(tries.length));
    assertPaced(tries, SHARE);
  });

test('where every try fails, all of the share is used, and who waits longest is next', () => {
  const tries = run(PLAN, 7, { ...CALM, untilMs: 4 * MINUTE, isFailing: true });
  const last = tries.filter(({ atMs }) => atMs >= BEGIN + 2 * MINUTE);
  assert.ok(last.length >= 120 * SHARE * 0.99, String(last.length));
  const due = last.map(({ dueMs }) => dueMs);
  // In one round of the VU they come as its timers have them.
  assert.ok(due.every((dueMs, index) => dueMs >= (due[index - 1] ?? 0) - 5));
});

test('after a stall the ramp is made up for, and on time again in the end', () => {
  const tries = run({ ...PLAN, tunnels: 100_000 }, 7, { ...CALM, untilMs: 5 * MINUTE, stall: [20_000, 21_000] });
  const all = waits(tries);
  assert.ok(Math.max(...all) > 900, 'it is in the latency');
  assert.ok(Math.max(...all.slice(-1_000)) <= 3, `${Math.max(...all.slice(-1_000))} ms`);
});

test('VUs that begin late together do not try together: all of them stay within the rate', () => {
  const world: World = { fromMs: 11 * MINUTE + 13, untilMs: 13 * MINUTE, lateMs: lateness(0, 1) };
  const tries = Array.from({ length: 50 }, (_, vu) => run(PLAN, vu, world)).flat();
  assertPaced(
    tries.toSorted((one, other) => one.atMs - other.atMs),
    500,
  );
});

test('a VU whose every timer is late by more than its gap goes on all the same', () => {
  const plan = { ...PLAN, tunnels: 5_000, vus: 4, opensPerSecond: 1_900, triesPerSecond: 2_000 };
  const tries = run(plan, 1, { ...CALM, fromMs: MINUTE, lateMs: () => 9 });
  assert.equal(tries.length, 1_250);
});

test('sessions that come by steps below the rate wait for nobody', () => {
  const work = { kind: 'opens', staySeconds: 5, steps: [50, 300, 475].map((perSecond) => ({ perSecond, seconds: 20 })) } as const;
  const tries = run({ ...PLAN, work }, 7, CALM);
  assert.equal(tries.length, 330);
  assert.ok(Math.max(...waits(tries)) <= 3, `${Math.max(...waits(tries))} ms`);
});

test('without a rate all go at once', () => {
  const tries = run({ ...PLAN, triesPerSecond: null }, 7, { ...CALM, fromMs: 11 * MINUTE, untilMs: 12 * MINUTE });
  assert.equal(mostWithin(tries, 1), 500);
});

test('whoever does not try when it is his turn takes nobody else’s', () => {
  const pacer = new Pacer<string>(PLAN, 0);
  for (const who of ['ended', 'full', 'good', 'next']) pacer.enter(who, BEGIN, BEGIN);
  pacer.enter('good', BEGIN, BEGIN);
  assert.deepEqual([pacer.next(BEGIN), pacer.next(BEGIN), pacer.next(BEGIN)], ['ended', 'full', 'good']);
  pacer.tried(BEGIN);
  assert.deepEqual([pacer.next(BEGIN), pacer.next(BEGIN + 99), pacer.atMs], [undefined, undefined, BEGIN + 100]);
  assert.equal(pacer.next(BEGIN + 100), 'next');
  assert.equal(pacer.atMs, Infinity);
});
