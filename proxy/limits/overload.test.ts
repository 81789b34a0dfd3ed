import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SHED_FLOOR_PER_SECOND } from '../core/limits.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { type Measured, MeasuredOverload } from './overload.ts';

const CALM: Measured = { loopDelayS: 0, answerS: 0, memoryFree: 0.5, fullUpstreams: new Set() };
const UPSTREAM = { address: '192.0.2.1', port: 443 };
const OTHER = { address: '192.0.2.1', port: 8_883 };

function harness() {
  const clock = new FakeClock();
  const now = { chance: 0, areDescriptorsShort: false };
  let stirs = 0;
  const overload = new MeasuredOverload({
    ...{ clock, random: () => now.chance, areDescriptorsShort: () => now.areDescriptorsShort },
    stirred: () => (stirs += 1),
  });
  const observe = (changes: Partial<Measured>, times = 1): void => {
    for (let time = 0; time < times; time += 1) overload.observe({ ...CALM, ...changes });
  };
  /** The share of new tunnels that is refused: chance is uniform, so it is where the answer turns. */
  const share = (): number => {
    for (let asked = 0; asked < SHED_FLOOR_PER_SECOND; asked += 1) overload.shed();
    for (let percent = 0; percent <= 100; percent += 1) {
      now.chance = percent / 100;
      if (overload.shed() === null) return percent;
    }
    return 101;
  };
  return { clock, now, overload, observe, share, stirs: () => stirs };
}

test('however late it is, the first few of each second are opened', () => {
  const { clock, now, overload, observe } = harness();
  observe({ loopDelayS: 9, answerS: 9 }, 20);
  now.chance = 0;
  for (let second = 0; second < 3; second += 1) {
    const answers = Array.from({ length: SHED_FLOOR_PER_SECOND + 5 }, () => overload.shed());
    assert.deepEqual(answers, [
      ...Array.from({ length: SHED_FLOOR_PER_SECOND }, () => null),
      ...Array.from({ length: 5 }, () => 'NODE_RATE_LIMITED'),
    ]);
    clock.advance(1_000);
  }
});

test('a node that is not overloaded refuses nothing', () => {
  const { overload, observe, share } = harness();
  assert.equal(share(), 0);
  observe({}, 10);
  assert.equal(share(), 0);
  assert.equal(overload.hasNoPort(UPSTREAM), false);
  assert.deepEqual(overload.causes(), []);
});

for (const [what, late, between, cause] of [
  ['a late event loop', { loopDelayS: 0.21 }, { loopDelayS: 0.15 }, 'event-loop'],
  ['a port that answers late', { answerS: 0.51 }, { answerS: 0.3 }, 'queue'],
] as const) {
  describe(what, () => {
    test('raises the share that is refused step by step, and never to all', () => {
      const { overload, observe, share } = harness();
      const shares = Array.from({ length: 7 }, () => (observe(late), share()));
      assert.deepEqual(shares, [20, 40, 60, 80, 95, 95, 95]);
      assert.deepEqual(overload.causes(), [cause]);
    });

    test('lowers it again, more slowly, when it is in time, and leaves it in between', () => {
      const { overload, observe, share } = harness();
      observe(late, 2);
      observe(between, 20);
      assert.equal(share(), 40);
      const shares = Array.from({ length: 9 }, () => (observe({}), share()));
      assert.deepEqual(shares, [40, 40, 40, 20, 20, 20, 20, 0, 0]);
      assert.deepEqual(overload.causes(), []);
    });

    test('that comes back begins where it was', () => {
      const { observe, share } = harness();
      observe(late, 3);
      observe({}, 3);
      observe(late);
      observe({}, 3);
      assert.equal(share(), 80);
    });

    test('is NODE_RATE_LIMITED: agents come back, and too fast is what it was', () => {
      const { overload, observe } = harness();
      observe(late);
      for (let asked = 0; asked < SHED_FLOOR_PER_SECOND; asked += 1) overload.shed();
      assert.equal(overload.shed(), 'NODE_RATE_LIMITED');
    });
  });
}

test('a port that nobody has asked says nothing', () => {
  const { observe, share } = harness();
  observe({ answerS: null }, 5);
  assert.equal(share(), 0);
  observe({ answerS: 1 });
  observe({ answerS: null }, 4);
  assert.equal(share(), 0);
});

describe('memory', () => {
  for (const [what, shares, expected] of [
    ['is short below three percent', [0.031, 0.029], 'NODE_FULL'],
    ['stays so until there are five', [0.029, 0.049], 'NODE_FULL'],
    ['is there again from five on', [0.029, 0.05], null],
    ['that the machine says nothing of changes nothing', [null, null], null],
    ['stays short while the machine says nothing', [0.01, null], 'NODE_FULL'],
  ] as const) {
    test(what, () => {
      const { overload, observe, now } = harness();
      now.chance = 0.99;
      for (const memoryFree of shares) observe({ memoryFree });
      assert.equal(overload.shed(), expected);
      assert.deepEqual(overload.causes(), expected === null ? [] : ['memory']);
    });
  }
});

test('descriptors are looked at with each tunnel, not twice a second', () => {
  const { overload, now } = harness();
  now.areDescriptorsShort = true;
  assert.equal(overload.shed(), 'NODE_FULL');
  assert.deepEqual(overload.causes(), ['descriptors']);
  now.areDescriptorsShort = false;
  assert.equal(overload.shed(), null);
});

describe('ports', () => {
  test('are short towards the very upstream that the node counts as full', () => {
    const { overload, observe } = harness();
    observe({ fullUpstreams: new Set(['192.0.2.1:443']) });
    assert.deepEqual([overload.hasNoPort(UPSTREAM), overload.hasNoPort(OTHER)], [true, false]);
    assert.equal(overload.shed(), null);
    assert.deepEqual(overload.causes(), ['ports']);
    observe({});
    assert.equal(overload.hasNoPort(UPSTREAM), false);
  });

  test('are short for a second where the system said so', () => {
    const { overload, observe, clock, stirs } = harness();
    overload.foundNoPort(UPSTREAM);
    assert.deepEqual([overload.hasNoPort(UPSTREAM), overload.hasNoPort(OTHER)], [true, false]);
    // Who looks every 4 s would never hear of it.
    assert.equal(stirs(), 1);
    clock.advance(999);
    observe({});
    assert.equal(overload.hasNoPort(UPSTREAM), true);
    clock.advance(1);
    assert.equal(overload.hasNoPort(UPSTREAM), false);
    observe({});
    assert.deepEqual(overload.causes(), []);
  });
});
