// Which way the agents of each scenario take, with names of our own and without.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Door, doorOf } from './door.ts';
import { DATA_NAME, type Places } from './places.ts';

const places = (agents: number, farEndPort: number): Places => ({
  nodes: ['127.0.0.11', '127.0.0.12'].map((address) => ({
    ...{ name: address, address, ports: { agents, health: 8_080, admin: 9_901 }, folder: '/none' },
  })),
  farEnds: ['127.0.0.101', '127.0.0.102'],
  farEndPort,
});
const INSIDE = places(443, 443);
const OUTSIDE = places(3_000, 3_001);

const CASES: readonly (readonly [Parameters<typeof doorOf>[0], boolean, Door])[] = [
  ['pinhole', true, { url: `ws://${DATA_NAME}:443/mqtt`, proxy: 'http://fleet.pinhole.test:443', leads: [] }],
  ['pinhole', false, { url: `ws://${DATA_NAME}:443/mqtt`, proxy: 'http://127.0.0.11:3000', leads: [] }],
  ['squid', true, { url: `ws://${DATA_NAME}:443/mqtt`, proxy: 'http://127.0.0.11:443', leads: [] }],
  ['squid', false, { url: `ws://${DATA_NAME}:3001/mqtt`, proxy: 'http://127.0.0.11:3000', leads: [] }],
  ['haproxy', true, { url: `ws://${DATA_NAME}:443/mqtt`, proxy: null, leads: ['127.0.0.11'] }],
  ['haproxy', false, { url: 'ws://127.0.0.11:3000/mqtt', proxy: null, leads: [] }],
  ['direct', true, { url: `ws://${DATA_NAME}:443/mqtt`, proxy: null, leads: ['127.0.0.101', '127.0.0.102'] }],
  ['direct', false, { url: 'ws://127.0.0.101:3001/mqtt', proxy: null, leads: [] }],
];
for (const [through, hasNames, door] of CASES)
  test(`${through} ${hasNames ? 'with' : 'without'} names of our own`, () =>
    assert.deepEqual(doorOf(through, hasNames ? INSIDE : OUTSIDE, hasNames), door));

test('behind a proxy the endpoint leads nowhere: a k6 that took no heed of it could open nothing', () => {
  for (const [, , { proxy, leads }] of CASES) if (proxy !== null) assert.deepEqual(leads, []);
});
