import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autoCarriers, effectiveTunnels, type Machine, tunnelsPerCarrier } from './capacity.ts';

function machine(cores: number, nofile: number): Machine {
  return { cores, nofile, uid: 1000 };
}

for (const [nofile, expected] of [
  [1_048_576, 524_160],
  [20_000, 9_872],
  [257, 0],
  [258, 1],
  [256, 0],
  [64, 0],
  [Infinity, Infinity],
] as const) {
  test(`a carrier of ${nofile} descriptors holds ${expected} tunnels`, () => assert.equal(tunnelsPerCarrier(machine(1, nofile)), expected));
}

for (const [tunnels, cores, nofile, expected] of [
  [50_000, 2, 1_048_576, 2],
  [50_000, 2, 20_000, 6],
  [50_000, 8, 20_000, 8],
  [1, 4, 20_000, 4],
  [50_000, 2, Infinity, 2],
  [50_000, 2, 128, 2],
  [50_000, 2, 1_024, 8],
] as const) {
  test(`${tunnels} tunnels, ${cores} cores, ${nofile} descriptors: ${expected} carriers`, () => {
    assert.equal(autoCarriers(tunnels, machine(cores, nofile)), expected);
  });
}

test('the cap that holds is the smaller one', () => {
  assert.equal(effectiveTunnels(50_000, 2, machine(2, 20_000)), 19_744);
  assert.equal(effectiveTunnels(50_000, 6, machine(2, 20_000)), 50_000);
});
