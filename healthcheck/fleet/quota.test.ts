import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeShareOf, shareQuota } from './quota.ts';
import { fleet, slot } from './test-support.ts';

for (const [name, weights, quota, expected] of [
  ['three alike share it', [100, 100, 100], 500, [166, 166, 166]],
  ['by weight', [200, 100, 100], 400, [200, 100, 100]],
  ['a canary gets its small part', [100, 100, 10], 500, [238, 238, 23]],
  ['a slot without weight gets what the largest has', [100, 50, 0], 300, [200, 100, 200]],
  ['one alone has all of it', [1], 500, [500]],
  ['nobody gets nothing', [255, 1], 10, [9, 1]],
] as const) {
  test(`the quota: ${name}`, () => {
    const slots = weights.map((weight, index) => slot(`s${index}`, index + 1, { weight }));
    const { nodes } = shareQuota({ slots, quota: { connectsPerSecond: quota, closeShare: 0.25 } });
    assert.deepEqual(
      nodes.map(({ opensPerSecond }) => opensPerSecond),
      expected,
    );
  });
}

test('slots that serve together never ask for more than the quota', () => {
  for (let total = 1; total <= 40; total++) {
    const slots = Array.from({ length: 7 }, (_, index) => slot(`s${index}`, index + 1, { weight: 1 + ((total * (index + 3)) % 97) }));
    const { nodes } = shareQuota({ slots, quota: { connectsPerSecond: 100 + total, closeShare: 0.25 } });
    assert.ok(nodes.reduce((sum, { opensPerSecond }) => sum + opensPerSecond, 0) <= 100 + total);
  }
});

test('planned closes get a quarter of 500', () => {
  assert.equal(shareQuota(fleet()).closesPerSecond, 125);
});

test('the close budget is shared by weight, and a spare counts as the largest', () => {
  const all = fleet();
  const spare = all.slots.find(({ weight }) => weight === 0);
  assert.ok(spare);
  assert.deepEqual(
    [all.slots[0] ?? spare, spare].map((of) => closeShareOf(all, of)),
    [41, 41],
  );
});
