import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptMarks, capacityOf, pendingRoom } from './capacity.ts';
import { HEALTH_RESERVE } from './limits.ts';

test('what binds is the smaller of the limit and the descriptors of all carriers', () => {
  assert.deepEqual(capacityOf(20_000, 2, 20_000), {
    configured: 20_000,
    tunnels: 19_744,
    perCarrier: 9_872,
    carriers: 2,
    nofile: 20_000,
    binds: 'descriptors',
  });
  assert.equal(capacityOf(1_000, 2, 20_000).binds, 'limits.tunnels');
  assert.equal(capacityOf(1_000, 2, 100).tunnels, 0);
});

test('however few descriptors, a carrier that stopped accepting can go on', () => {
  for (let nofile = 64; nofile <= 20_000; nofile += 1) {
    const { stop, goOn } = acceptMarks(nofile);
    assert.ok(stop >= 1 && goOn >= 1 && goOn <= stop, `nofile ${nofile}: stops at ${stop}, goes on below ${goOn}`);
    const { perCarrier } = capacityOf(1_000_000, 1, nofile);
    assert.ok(2 * perCarrier < goOn, `nofile ${nofile}: full of tunnels it holds ${2 * perCarrier}, and goes on below ${goOn}`);
  }
  assert.deepEqual(acceptMarks(20_000), { stop: 19_888, goOn: 19_824 });
});

test('connections without a request never make a carrier stop accepting, also beside all the tunnels it can hold', () => {
  for (let nofile = 300; nofile <= 20_000; nofile += 100) {
    const { perCarrier } = capacityOf(1_000_000, 1, nofile);
    for (const tunnels of [0, Math.floor(perCarrier / 2), perCarrier]) {
      const held = 2 * tunnels + pendingRoom(nofile, tunnels) + HEALTH_RESERVE;
      assert.ok(held < acceptMarks(nofile).stop, `nofile ${nofile}, ${tunnels} tunnels: ${held} held`);
    }
  }
  assert.equal(pendingRoom(2_000, 872), 16);
});
