import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrainAction, DrainOrder } from './drain.ts';
import { chooseGroup, obey, phaseOf, settleLeftMs, SLOW_MS } from './drain.ts';

const settings = { settleMs: 120_000, rate: 8, deadlineMs: 7_200_000 };

function after(order: DrainOrder | null, word: DrainAction, nowMs: number, more: { rate?: number; why?: string } = {}): DrainOrder | null {
  const request = { do: word, by: 'ann', rate: more.rate ?? null, why: more.why ?? null };
  const obeyed = obey(order, request, { nowMs, wallMs: 5_000_000 + nowMs, tunnels: 600, settings });
  return 'refused' in obeyed ? assert.fail(obeyed.refused) : obeyed.order;
}

function drained(word: DrainAction, nowMs = 1_000, more: { rate?: number } = {}): DrainOrder {
  return after(null, word, nowMs, more) ?? assert.fail('no order');
}

function given(order: DrainOrder | null): DrainOrder {
  return order ?? assert.fail('no order');
}

test('a drain serves new tunnels while it settles, then closes; its deadline counts from there', () => {
  const order = drained('start');
  assert.deepEqual(order, {
    by: 'ann',
    askedAtMs: 5_001_000,
    closesFromMs: 121_000,
    deadlineAtMs: 7_321_000,
    pausedAtMs: null,
    rate: 8,
    tunnels: 600,
    slow: null,
  });
  assert.deepEqual([phaseOf(order, 1_000), phaseOf(order, 120_999), phaseOf(order, 121_000)], ['settling', 'settling', 'closing']);
  assert.deepEqual([settleLeftMs(order, 1_000), settleLeftMs(order, 121_000), settleLeftMs(order, 500_000)], [120_000, 0, 0]);
});

test('now does not settle, at the beginning or in the middle', () => {
  assert.equal(phaseOf(drained('now'), 1_000), 'closing');
  const order = given(after(drained('start'), 'now', 31_000));
  assert.deepEqual([order.closesFromMs, order.deadlineAtMs], [31_000, 7_231_000]);
  assert.equal(after(order, 'now', 40_000), order);
});

test('a pause while it settles holds the settling; the deadline moves with it', () => {
  const paused = given(after(drained('start'), 'pause', 21_000));
  assert.deepEqual([phaseOf(paused, 999_000), settleLeftMs(paused, 999_000)], ['paused', 100_000]);
  const order = given(after(paused, 'resume', 1_021_000));
  assert.deepEqual([order.closesFromMs, order.deadlineAtMs, order.pausedAtMs], [1_121_000, 8_321_000, null]);
});

test('a pause while it closes goes on refusing new tunnels', () => {
  const paused = given(after(drained('now'), 'pause', 21_000));
  assert.deepEqual([phaseOf(paused, 999_000), settleLeftMs(paused, 999_000)], ['paused', 0]);
  const order = given(after(paused, 'resume', 31_000));
  assert.deepEqual([order.closesFromMs, order.deadlineAtMs], [1_000, 7_211_000]);
});

test('now ends a pause too', () => {
  const order = given(after(after(drained('start'), 'pause', 2_000), 'now', 502_000));
  assert.deepEqual([phaseOf(order, 502_000), order.deadlineAtMs], ['closing', 7_702_000]);
});

test('what is so already changes nothing', () => {
  const order = drained('start');
  assert.equal(after(order, 'start', 9_000), order);
  assert.equal(after(order, 'resume', 9_000), order);
  const paused = after(order, 'pause', 9_000);
  assert.equal(after(paused, 'pause', 10_000), paused);
  assert.equal(after(null, 'end', 9_000), null);
});

test('end ends it in every phase', () => {
  for (const order of [drained('start'), drained('now'), after(drained('now'), 'pause', 2_000)])
    assert.equal(after(order, 'end', 9_000), null);
});

for (const word of ['pause', 'resume', 'slow'] as const) {
  test(`${word} of a node that does not drain is refused`, () => {
    const request = { do: word, by: 'ann', rate: null, why: null };
    assert.deepEqual(obey(null, request, { nowMs: 0, wallMs: 0, tunnels: 0, settings }), { refused: 'this node is not draining' });
  });
}

test('a rate may be asked for, up to that of the file', () => {
  assert.equal(drained('now', 0, { rate: 3 }).rate, 3);
  assert.equal(drained('now', 0, { rate: 9 }).rate, 8);
  assert.equal(after(drained('now'), 'start', 0, { rate: 2 })?.rate, 2);
  assert.equal(after(drained('now', 0, { rate: 3 }), 'start', 0)?.rate, 3);
});

test('to go slower counts for a while', () => {
  const order = after(drained('now'), 'slow', 7_000, { why: 'eu-1b refuses' });
  assert.deepEqual(order?.slow, { untilMs: 7_000 + SLOW_MS, why: 'eu-1b refuses' });
});

test('groups are chosen as often as they have tunnels, and never one without', () => {
  const groups = [
    { tenant: 'a', tunnels: 3 },
    { tenant: 'none', tunnels: 0 },
    { tenant: 'b', tunnels: 1 },
  ];
  const chosen = [0, 0.3, 0.74, 0.75, 0.999].map((at) => chooseGroup(groups, () => at)?.tenant);
  assert.deepEqual(chosen, ['a', 'a', 'a', 'b', 'b']);
  assert.equal(
    chooseGroup([{ tunnels: 0 }], () => 0.5),
    undefined,
  );
  assert.equal(
    chooseGroup([], () => 0.5),
    undefined,
  );
});
