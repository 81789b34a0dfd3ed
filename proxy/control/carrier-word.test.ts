import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CarrierApiView, wordOf } from './carrier-api.ts';

function viewWith(upstreams: number): CarrierApiView {
  const load = { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [] };
  return {
    sessions: { tunnels: () => 7, pending: () => 0 },
    readiness: { isReady: () => true },
    move: { view: () => null },
    load: () => ({
      ...load,
      upstreams: Object.fromEntries(Array.from({ length: upstreams }, (_, number) => [`192.0.2.${number}:443`, 1])),
    }),
    info: {
      slot: 1,
      generation: 2,
      relay: 'native',
      settings: () => ({ node: { name: 'n' }, policyVersion: 'p' }),
      isAccepting: () => true,
    },
  } as unknown as CarrierApiView;
}

test('a carrier’s word is its status, where that is short enough to be said each second', () => {
  assert.equal(wordOf(viewWith(32))?.tunnels, 7);
  assert.equal(wordOf(viewWith(33)), undefined);
});
