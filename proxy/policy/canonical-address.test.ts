import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress } from './canonical-address.ts';

for (const [text, expected] of [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['fe80::1%eth0', null],
  ['192.0.2', null],
] as const) {
  test(`canonicalAddress of ${text} is ${expected}`, () => assert.equal(canonicalAddress(text), expected));
}
