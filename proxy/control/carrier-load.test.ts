import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { type CarrierLoadDeps, freeDescriptors, watchCarrierLoad } from './carrier-load.ts';
import { watchLoopDelay } from './loop-delay.ts';

function harness(changes: Partial<CarrierLoadDeps> = {}) {
  const clock = new FakeClock();
  const observed: unknown[] = [];
  const now = { loop: 0, memory: 0.5 as number | null, held: 0 };
  const watch = watchCarrierLoad({
    clock,
    held: () => now.held,
    descriptors: 1_000,
    node: { fullUpstreams: () => new Set(['192.0.2.1:443']), answerS: () => 0.4 },
    upstreams: () => ({ '192.0.2.1:443': 3 }),
    resolver: () => ({ state: 'answering' }),
    overload: { observe: (measured) => observed.push(measured), causes: () => ['memory'] },
    loop: { look: () => now.loop },
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
  const loop = watchLoopDelay();
  loop.look();
  await block(150, 6);
  const busy = loop.look();
  assert.ok(busy > 0.05 && busy < 2, `${busy} s`);
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setTimeout(resolve, 60));
  await block(300, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const paused = loop.look();
  assert.ok(paused < 0.1, `${paused} s`);
});

test('the worst of many looks has the pause that a median leaves out, until there have been as many again', async () => {
  const loop = watchLoopDelay();
  assert.equal(loop.worst(), 0);
  await new Promise((resolve) => setTimeout(resolve, 120));
  await block(300, 1);
  await new Promise((resolve) => setTimeout(resolve, 120));
  loop.look();
  assert.ok(loop.worst() > 0.1, `${loop.worst()} s`);
  for (let look = 0; look < 20; look += 1) loop.look();
  assert.ok(loop.worst() < 0.1, `${loop.worst()} s`);
});
