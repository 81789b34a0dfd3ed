import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptMarks, capacityOf } from './capacity.ts';

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
  }
  assert.deepEqual(acceptMarks(20_000), { stop: 19_888, goOn: 19_696 });
});
