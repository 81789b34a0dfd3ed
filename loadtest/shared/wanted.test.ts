// What a VU says of a second that is over, however late it comes to say it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentPlan } from './agent-plan.ts';
import { Wanted } from './wanted.ts';

/** Four agents, one a second from 10 s on; they close from 20 s on, the last 1.5 ms later. */
const plan: AgentPlan = {
  ...{
    url: 'ws://far.test/mqtt',
    beginsMs: 10_000,
    endsMs: 20_000,
    tunnels: 4,
    vus: 1,
    opensPerSecond: 1,
    triesPerSecond: null,
    restSeconds: 0,
  },
  ...{ work: { kind: 'ping', everySeconds: 60 }, backoff: { firstMs: 1, capMs: 1 }, clientIdPrefix: 'a' },
};

test('agents are wanted from their moment on, until the close', () => {
  const wanted = new Wanted(plan, [0, 1, 2, 3]);
  for (const [nowMs, at, many] of [
    [10_000, 9, 1],
    [11_000, 10, 2],
    [15_000, 14, 4],
    [21_000, 20, 0],
  ] as const)
    assert.deepEqual(wanted.lastSecond(nowMs), { at, wanted: many }, `${nowMs}`);
});

test('a VU that is late speaks of the end of the second, not of the moment: none of them is gone, and none has come', () => {
  const late = new Wanted({ ...plan, endsMs: 20_100 }, [0, 1, 2, 3]);
  assert.deepEqual(late.lastSecond(12_900), { at: 11, wanted: 3 });
  assert.deepEqual(late.lastSecond(20_900), { at: 19, wanted: 4 });
});
