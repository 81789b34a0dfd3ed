import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planHold, shareUpTo } from './hold-plan.ts';

describe('planHold', () => {
  const PLANS: readonly (readonly [number, number, readonly number[]])[] = [
    [100, 20_000, [100]],
    [9_000, 20_000, [9_000]],
    [9_001, 20_000, [4_500, 4_501]],
    [50_000, 20_000, [8_333, 8_333, 8_334, 8_333, 8_333, 8_334]],
    [50_000, Infinity, [8_333, 8_333, 8_334, 8_333, 8_333, 8_334]],
    [6_000, 4_096, [3_000, 3_000]],
  ];
  for (const [tunnels, descriptors, loads] of PLANS)
    test(`${tunnels} tunnels at ${descriptors} descriptors are ${loads.length} loads`, () => {
      const plan = planHold(tunnels, descriptors);
      assert.deepEqual(plan?.loads, loads);
      assert.equal(new Set(plan.echoes).size, loads.length);
    });

  test('the echo servers have addresses of their own', () => {
    assert.deepEqual(planHold(20_000, 20_000)?.echoes, ['127.0.0.9', '127.0.0.10', '127.0.0.11']);
  });

  test('is none where a process can hold nothing', () => assert.equal(planHold(100, 256), null));
});

test('shares add up to the whole, and differ by one at most', () => {
  const ends = [0, 1, 2, 3, 4, 5, 6].map((parts) => shareUpTo(50_000, parts, 6));
  assert.equal(ends.at(-1), 50_000);
  const shares = ends.slice(1).map((end, at) => end - ends[at]!);
  assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
});
