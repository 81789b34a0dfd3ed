import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalIp, isIpv4Text, parseIpv6, renderIpv6 } from './ip-text.ts';

for (const text of ['0.0.0.0', '127.0.0.1', '255.255.255.255', '10.20.30.40']) {
  test(`${text} is an IPv4 address`, () => assert.equal(isIpv4Text(text), true));
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '01.2.3.4',
  '1.2.3.00',
  '256.1.1.1',
  '1.2.3.4 ',
  '+1.2.3.4',
  '0x1.2.3.4',
  '1.2.3.1e1',
  '1111.2.3.4',
]) {
  test(`${JSON.stringify(text)} is no IPv4 address`, () => assert.equal(isIpv4Text(text), false));
}

for (const [text, canonical] of [
  ['::', '::'],
  ['::1', '::1'],
  ['0000::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::A', '2001:db8::a'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
  ['64:ff9b::7f00:1', '64:ff9b::7f00:1'],
  ['::1.2.3.4', '::1.2.3.4'],
  ['::2', '::2'],
  ['::ffff:0:1.2.3.4', '::ffff:0:102:304'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:7f00:1', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1'],
] as const) {
  test(`${text} is written ${canonical}`, () => assert.equal(canonicalIp(text), canonical));
}

for (const text of [
  '',
  ':',
  ':::',
  '1',
  '1:2',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1::2:3:4:5:6:7:8',
  '1::2::3',
  '::1:',
  ':1::',
  '12345::',
  'g::',
  '::1%eth0',
  '[::1]',
  '::1.2.3',
  '::01.2.3.4',
  '1.2.3.4::',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1 ',
  'localhost',
]) {
  test(`${JSON.stringify(text)} is no address`, () => assert.equal(canonicalIp(text), null));
}

test('every IPv6 address that the runtime renders is read and rendered the same', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (words) => {
      const text = renderIpv6(words);
      assert.deepEqual(parseIpv6(text), words);
      assert.ok(isIPv6(text));
      assert.deepEqual(parseIpv6(words.map((word) => word.toString(16)).join(':')), words);
    }),
  );
});

test('text of address characters is an address exactly where the runtime says so', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123af:.:.'), maxLength: 20 });
  fc.assert(
    fc.property(text, (candidate) => {
      assert.equal(isIpv4Text(candidate), isIPv4(candidate));
      assert.equal(parseIpv6(candidate) !== null, isIPv6(candidate));
    }),
    { numRuns: 5_000 },
  );
});
