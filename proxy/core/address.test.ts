import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderAddress, unmapped } from './address.ts';

for (const [text, expected] of [
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['::1', '::1'],
  ['::', '::'],
  // Not mapped addresses, in the forms that Node gives: translated (RFC 2765), compatible, NAT64.
  ['::ffff:0:c000:201', '::ffff:0:c000:201'],
  ['::192.0.2.1', '::192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1'],
] as const) {
  test(`unmapped ${text} is ${expected}`, () => assert.equal(unmapped(text), expected));
}

for (const [address, port, expected] of [
  ['192.0.2.1', 443, '192.0.2.1:443'],
  ['2001:db8::1', 8883, '[2001:db8::1]:8883'],
  ['::1', 0, '[::1]:0'],
] as const) {
  test(`${address} and ${port} are written ${expected}`, () => assert.equal(renderAddress({ address, port }), expected));
}
