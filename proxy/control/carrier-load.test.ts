import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { ResolverState, ShedCause } from '../core/ports.ts';
import { RestingClock } from '../core/resting-clock.ts';
import { CarrierRest } from './carrier-rest.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { type CarrierLoadDeps, freeDescriptors, watchCarrierLoad } from './carrier-load.ts';
import { watchLoopDelay } from './loop-delay.ts';

function harness(changes: Partial<CarrierLoadDeps> = {}) {
  const clock = new FakeClock();
  const observed: unknown[] = [];
  const now = { loop: 0, isAtWork: true, lateMs: -1, memory: 0.5 as number | null, held: 0 };
  const watch = watchCarrierLoad({
    clock,
    held: () => now.held,
    descriptors: 1_000,
    node: { fullUpstreams: () => new Set(['192.0.2.1:443']), answerS: () => 0.4 },
    upstreams: () => ({ '192.0.2.1:443': 3 }),
    resolver: () => ({ state: 'answering' }),
    overload: { observe: (measured) => observed.push(measured), causes: () => (now.isAtWork ? ['memory'] : []) },
    loop: {
      look: (lateMs) => ((now.lateMs = lateMs), now.loop),
      get isAtWork() {
        return now.isAtWork;
      },
    },
    memoryFree: () => now.memory,
    ...changes,
  });
  return { clock, observed, now, watch };
}

test('twice a second the overload hears what was measured', () => {
  const { clock, observed, now, watch } = harness();
  clock.advance(499);
  assert.deepEqual(observed, []);
  now.loop = 0.3;
  clock.advance(1);
  assert.deepEqual(observed, [{ loopDelayS: 0.3, answerS: 0.4, memoryFree: 0.5, fullUpstreams: new Set(['192.0.2.1:443']) }]);
  clock.advance(1_000);
  assert.equal(observed.length, 3);
  watch.stop();
  clock.advance(1_000);
  assert.equal(observed.length, 3);
});

test('twice a second as long as something makes it refuse', () => {
  const causes: ShedCause[] = ['event-loop'];
  const { clock, observed, now } = harness({ overload: { observe: (measured) => observed.push(measured), causes: () => causes } });
  now.isAtWork = false;
  clock.advance(2_000);
  assert.equal(observed.length, 4);
  causes.pop();
  clock.advance(2_500);
  assert.equal(observed.length, 7);
});

test('with each look it says whether it is at work: while the loop is, while it refuses, and while DNS does not answer', () => {
  const state: { resolver: ResolverState } = { resolver: 'answering' };
  const causes: ShedCause[] = [];
  const said: boolean[] = [];
  const { clock, now } = harness({
    resolver: () => ({ state: state.resolver }),
    overload: { observe: () => {}, causes: () => causes },
    looked: (isAtWork) => said.push(isAtWork),
  });
  const saidThen = (): boolean | undefined => {
    clock.advance(1_000);
    return said.at(-1);
  };
  assert.equal(saidThen(), true);
  now.isAtWork = false;
  assert.equal(saidThen(), false);
  causes.push('memory');
  assert.equal(saidThen(), true);
  causes.pop();
  for (const [resolver, expected] of [
    ['unknown', false],
    ['stale', true],
    ['failing', true],
  ] as const) {
    state.resolver = resolver;
    assert.equal(saidThen(), expected, resolver);
  }
});

test('the look that finds work ends a rest by itself, whatever else has its turn then', () => {
  const time = new FakeClock();
  const clock = new RestingClock(time, 4_000);
  const now = { isAtWork: false };
  const rest = new CarrierRest({ clock, hasWork: () => false });
  const loop = {
    look: () => 0,
    get isAtWork() {
      return now.isAtWork;
    },
  };
  harness({ clock, loop, overload: { observe: () => {}, causes: () => [] }, looked: (isAtWork) => rest.look(isAtWork) });
  time.advance(3_000);
  assert.equal(clock.restMs, 4_000);
  now.isAtWork = true;
  time.advance(4_000);
  assert.equal(clock.restMs, null);
});

test('once a second while there is next to nothing to do, and twice again behind the first look that finds more', () => {
  const { clock, observed, now } = harness();
  now.isAtWork = false;
  clock.advance(500);
  assert.equal(observed.length, 1);
  clock.advance(3_000);
  assert.equal(observed.length, 4);
  assert.equal(now.lateMs, 0);
  now.isAtWork = true;
  clock.advance(1_000);
  assert.equal(observed.length, 5);
  clock.advance(1_000);
  assert.equal(observed.length, 7);
});

test('whoever asks is told the last that was measured, and what can be counted as it is now', () => {
  const { clock, now, watch } = harness();
  now.loop = 0.3;
  clock.advance(500);
  now.loop = 9;
  now.held = 250;
  assert.deepEqual(watch.now(), {
    eventLoopDelayS: 0.3,
    descriptorsFree: 0.75,
    resolver: 'answering',
    shedding: ['memory'],
    upstreams: { '192.0.2.1:443': 3 },
  });
});

for (const [held, descriptors, share] of [
  [0, 100, 1],
  [40, 100, 0.6],
  [100, 100, 0],
  [120, 100, 0],
] as const) {
  test(`${held} of ${descriptors} descriptors leave ${share}`, () => assert.equal(freeDescriptors(held, descriptors), share));
}

/** Blocks the loop for so long, so many times, with a turn of the loop after each. */
async function block(ms: number, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const endMs = systemClock.nowMs() + ms;
    while (systemClock.nowMs() < endMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a loop that is late all the time is seen, one that pauses once is not', async () => {
  const loop = watchLoopDelay(systemClock);
  await block(150, 6);
  const busy = loop.look(0);
  assert.ok(busy > 0.05 && busy < 2, `${busy} s`);
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setTimeout(resolve, 60));
  await block(300, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const paused = loop.look(0);
  assert.ok(paused < 0.1, `${paused} s`);
});

for (const turnMs of [600, 1_200])
  test(`turns of ${turnMs} ms are seen by every look behind the first, though some see none of them end`, async () => {
    const loop = watchLoopDelay(systemClock);
    const seen: number[] = [];
    const untilMs = systemClock.nowMs() + 6 * turnMs;
    let lookMs = systemClock.nowMs() + 500;
    while (systemClock.nowMs() < untilMs) {
      await block(turnMs, 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (; lookMs <= systemClock.nowMs(); lookMs += 500) seen.push(loop.look(0));
    }
    const first = seen.findIndex((delay) => delay > 0);
    assert.ok(first >= 0 && first <= 5, seen.join(' '));
    for (const delay of seen.slice(first)) assert.ok(delay > turnMs / 2_000, seen.join(' '));
    assert.ok(loop.worst() > turnMs / 2_000, `${loop.worst()} s`);
  });

test('a look that is late puts the loop to work: one that waits for a processor counts that as rest', async () => {
  const loop = watchLoopDelay(systemClock);
  for (let look = 0; look < 20 && (look === 0 || loop.isAtWork); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    loop.look(0);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  loop.look(150);
  assert.equal(loop.isAtWork, true);
});

test('a loop that rests is not timed: what is left is how late its looks are, and one that is back at work is seen a look later', async () => {
  const loop = watchLoopDelay(systemClock);
  loop.look(0);
  // What ran before this test was work too.
  for (let look = 0; look < 20 && loop.isAtWork; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    loop.look(0);
  }
  assert.equal(loop.isAtWork, false);
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What a busy machine made late by itself.
  const before = loop.worst();
  assert.equal(loop.look(400), 0, 'one late look is no median');
  assert.ok(loop.worst() > 0.3 && loop.worst() <= Math.max(0.5, before), `${loop.worst()} s, and ${before} s before`);
  await block(150, 6);
  loop.look(0);
  assert.equal(loop.isAtWork, true);
  await block(150, 6);
  const busy = loop.look(0);
  assert.ok(busy > 0.05 && busy < 2, `${busy} s`);
});

test('the worst of some seconds has the pause that a median leaves out, however many looks there were, and no longer', async () => {
  const clock = new FakeClock();
  const loop = watchLoopDelay(clock);
  assert.equal(loop.worst(), 0);
  await new Promise((resolve) => setTimeout(resolve, 120));
  await block(300, 1);
  await new Promise((resolve) => setTimeout(resolve, 120));
  loop.look(0);
  for (let look = 0; look < 100; look += 1) loop.look(0);
  clock.advance(19_999);
  loop.look(0);
  assert.ok(loop.worst() > 0.1, `${loop.worst()} s`);
  clock.advance(1);
  loop.look(0);
  assert.ok(loop.worst() < 0.1, `${loop.worst()} s`);
});
