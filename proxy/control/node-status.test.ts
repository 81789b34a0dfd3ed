import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { CarrierStatus } from './carrier-api.ts';
import { judgeReadiness } from './node-status.ts';

function carrier(accepting: boolean, ready: boolean): CarrierStatus {
  const load = { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [], upstreams: {} } as const;
  const who = { slot: 0, generation: 1, pid: 1, node: 'n', version: 'v', relay: 'node', policyVersion: 'p' };
  return { ...who, ready, accepting, tunnels: 0, pending: 0, load, move: null };
}

for (const [what, carriers, reasons] of [
  ['one accepts and is ready', [carrier(true, true), carrier(true, false), null], []],
  ['none answers', [null, null], ['no carrier answered within a second']],
  ['none accepts', [carrier(false, true), null], ['no carrier accepts connections']],
  ['those that accept are not ready, whatever a retired one says', [carrier(true, false), carrier(false, true)], ['no carrier is ready']],
] as const) {
  test(`a node of whose carriers ${what}`, () => {
    const judged = judgeReadiness('/nonexistent', systemClock, carriers);
    assert.deepEqual([judged.ready, judged.reasons], [reasons.length === 0, reasons]);
  });
}
