import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CarrierLoad } from './carrier-api.ts';
import { readLoad } from './seen-load.ts';

const LOAD: CarrierLoad = {
  eventLoopDelayS: 0.1,
  descriptorsFree: 0.5,
  resolver: 'stale',
  shedding: ['memory'],
  upstreams: { '192.0.2.1:443': 3 },
};
const UNKNOWN = { eventLoopDelayS: null, descriptorsFree: null, resolver: 'unknown', shedding: [], upstreams: {} };

for (const [what, load, expected] of [
  ['our own version', LOAD, LOAD],
  ['one that says more', { ...LOAD, threads: 4 }, LOAD],
  ['one that says nothing of it', undefined, UNKNOWN],
  ['one that says null', null, UNKNOWN],
  ['one that says none of ours', { threads: 4 }, UNKNOWN],
  [
    'one that says it otherwise',
    { eventLoopDelayS: '1', descriptorsFree: null, resolver: 'on strike', shedding: 'memory', upstreams: 7 },
    UNKNOWN,
  ],
  ['one that knows other causes', { ...LOAD, shedding: ['heat', 7] }, { ...LOAD, shedding: ['heat'] }],
  ['one that counts otherwise', { ...LOAD, upstreams: { a: 1, b: { open: 2 } } }, { ...LOAD, upstreams: { a: 1 } }],
] as const) {
  test(`the load of a carrier of ${what}`, () => assert.deepEqual(readLoad(load), expected));
}
