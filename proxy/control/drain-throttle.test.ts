import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttle, troublesIn } from './drain-throttle.ts';
import type { MetricJson } from './metrics-json.ts';

function counter(name: string, label: string, counts: Readonly<Record<string, number>>): MetricJson {
  const values = Object.entries(counts).map(([value, count]) => ({ value: count, labels: { [label]: value } }));
  return { name, help: '', type: 'counter', values, aggregator: 'sum' } as unknown as MetricJson;
}

for (const [what, opens, closes, troubles] of [
  ['what is allowed is none', { OK: 5 }, {}, 0],
  ['what a client did wrong is none', { TARGET_NOT_ALLOWED: 3, SNI_MISMATCH: 2, CLIENT_GONE: 4 }, {}, 0],
  ['agents that come back to a draining node are', { DRAINING: 7 }, {}, 7],
  ['limits of the node are', { NODE_FULL: 1, NODE_RATE_LIMITED: 2 }, {}, 3],
  ['upstreams that fail are', { DIAL_TIMEOUT: 1, RESOLVE_FAILED: 2, UPSTREAM_CLOSED: 4 }, {}, 7],
  ['a code of another version is', { SOMETHING_NEW: 2 }, {}, 2],
  ['tunnels that clients, we or a limit ended are none', {}, { client: 5, drain: 6, idle: 7, age: 8 }, 0],
  ['tunnels that AWS ended, or that broke, are', {}, { upstream: 5, fault: 1 }, 6],
] as const) {
  test(`troubles: ${what}`, () => {
    const group = [counter('pinhole_opens_total', 'reason', opens), counter('pinhole_closes_total', 'ended_by', closes)];
    assert.equal(troublesIn([group, group]), 2 * troubles);
  });
}

/** Looks with so many troubles each; what they said, and the factor behind them. */
function looks(throttle: Throttle, rate: number, ...troubles: readonly number[]): (string | null)[] {
  return troubles.map((since) => {
    sum += since;
    return throttle.look({ troubles: sum, rate, asked: null });
  });
}
let sum = 0;

test('what there was before the first look does not count', () => {
  assert.equal(new Throttle().look({ troubles: 1e6, rate: 8, asked: null }), null);
});

test('up to half of what closes above the quietest look is no trouble', () => {
  const throttle = new Throttle();
  // At 8 a second 40 close between two looks.
  assert.deepEqual(looks(throttle, 8, 0, 100, 120), [null, null, null]);
  assert.deepEqual(looks(throttle, 8, 121), ['slower']);
  assert.equal(throttle.factor, 0.5);
  assert.equal(throttle.why, '24 refused, failed or lost a second');
});

test('it falls to an eighth, and rises again after three calm looks at a time', () => {
  const throttle = new Throttle();
  assert.deepEqual(looks(throttle, 8, 0, 0, 50, 50, 50, 50, 50), [null, null, 'slower', 'slower', 'slower', null, null]);
  assert.equal(throttle.factor, 1 / 8);
  assert.deepEqual(looks(throttle, 8, 0, 0, 0, 0, 0, 50), [null, null, 'faster', null, null, 'slower']);
  assert.deepEqual(looks(throttle, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), [
    null,
    null,
    'faster',
    null,
    null,
    'faster',
    null,
    null,
    'faster',
    null,
  ]);
  assert.deepEqual([throttle.factor, throttle.why], [1, null]);
});

test('at a slow rate a handful is chance', () => {
  assert.deepEqual(looks(new Throttle(), 1, 0, 0, 5, 6), [null, null, null, 'slower']);
});

test('counters that went back say nothing', () => {
  const throttle = new Throttle();
  for (const troubles of [500, 500, 20, 20]) assert.equal(throttle.look({ troubles, rate: 8, asked: null }), null);
});

test('others may ask for it', () => {
  const throttle = new Throttle();
  const asked = 'eu-1b refuses';
  assert.equal(throttle.look({ troubles: 0, rate: 8, asked }), 'slower');
  assert.equal(throttle.why, asked);
});
