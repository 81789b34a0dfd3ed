import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slotsFor } from './machinery.ts';

test('a carrier has room for as many tunnels as its descriptors allow, but not for a milliard', () => {
  assert.equal(slotsFor(20_000), 10_000);
  assert.equal(slotsFor(1_048_576), 524_288);
  // `LimitNOFILE=infinity`, as container engines set it: the tables would be 70 GB.
  assert.equal(slotsFor(1_073_741_816), 524_288);
});
