import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CarrierStatus } from './carrier-api.ts';
import { isStill, type Looked } from './control-rest.ts';
import type { Verdict } from './verdict.ts';

const LOAD: CarrierStatus['load'] = { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [], upstreams: {} };
const CARRIER: CarrierStatus = {
  ...{ slot: 0, generation: 1, pid: 7, node: 'n', version: '1', relay: 'native', policyVersion: 'p', ready: true, accepting: true },
  ...{ tunnels: 3, pending: 0, load: LOAD, move: null },
};
const VERDICT: Verdict = { ready: true, reasons: [], concerns: ['old'], latches: [], fullUpstreams: [], answerS: null, atMs: 0 };
const RESTS = { word: { said: null, ageMs: 0, withinMs: 4_000 } };
const QUIET: Looked = { verdict: VERDICT, isInDoubt: false, slots: [RESTS, RESTS], carriers: [CARRIER, CARRIER] };

test('a node whose carriers rest and of which nothing has changed is still; behind a start nobody knows that', () => {
  const later = { ...QUIET, verdict: { ...VERDICT, atMs: 1_000 }, carriers: [{ ...CARRIER, tunnels: 4 }, CARRIER] };
  assert.equal(isStill(QUIET, later), true);
  assert.equal(isStill(null, QUIET), false);
});

test('nor is a concern of a node that is ready a reason to look more often', () => {
  assert.equal(isStill(QUIET, { ...QUIET, verdict: { ...VERDICT, concerns: ['our certificate expires in 119 min'] } }), true);
});

for (const [what, change] of [
  ['is not ready', { verdict: { ...VERDICT, ready: false } }],
  ['has an upstream that is full', { verdict: { ...VERDICT, fullUpstreams: ['192.0.2.1:443'] } }],
  ['has to be looked at again', { isInDoubt: true }],
  ['has no carriers', { carriers: [], slots: [] }],
  ['has one that works', { slots: [RESTS, { word: { said: null, ageMs: 0, withinMs: 1_000 } }] }],
  ['has one that has not spoken', { slots: [RESTS, { word: null }] }],
  ['has a supervisor that knows no rest', { slots: [RESTS, { word: { said: null, ageMs: 0 } }] }],
  ['has one that does not answer', { carriers: [CARRIER, null] }],
  ['has one that is not ready', { carriers: [CARRIER, { ...CARRIER, ready: false }] }],
  ['has one that was started anew', { carriers: [CARRIER, { ...CARRIER, pid: 8 }] }],
  ['has another configuration', { carriers: [CARRIER, { ...CARRIER, policyVersion: 'q' }] }],
] as const) {
  test(`a node that ${what} is not`, () => assert.equal(isStill(QUIET, { ...QUIET, ...change }), false));
}
