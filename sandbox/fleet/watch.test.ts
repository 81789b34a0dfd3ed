import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StateFacts, stateOf } from './watch.ts';

const FINE: StateFacts = { ready: true, hasStatus: true, isDegraded: false, drain: null, isThere: true };

for (const [what, facts, expected] of [
  ['answers on both addresses', {}, 'ready'],
  ['has a concern', { isDegraded: true }, 'degraded'],
  ['says closed', { ready: false }, 'closed'],
  ['says closed and has a concern', { ready: false, isDegraded: true }, 'closed'],
  ['drains', { ready: false, drain: 'settling' }, 'draining'],
  ['answers agents, while control is dead', { hasStatus: false }, 'ready'],
  ['answers operators alone', { ready: null }, 'closed'],
  ['has processes that do not answer', { ready: null, hasStatus: false }, 'silent'],
  ['has no process', { ready: null, hasStatus: false, isThere: false }, 'dead'],
] as const) {
  test(`a node that ${what} is ${expected}`, () => {
    assert.equal(stateOf({ ...FINE, ...facts }), expected);
  });
}
