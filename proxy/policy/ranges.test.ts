import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, isInRanges, parseRange, rangeList } from './ranges.ts';

for (const [text, expected] of [
  ['10.0.0.0/8', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
  ['0.0.0.0/0', { address: '0.0.0.0', bits: 0, family: 'ipv4' }],
  ['198.51.100.7', { address: '198.51.100.7', bits: 32, family: 'ipv4' }],
  ['198.51.100.6/31', { address: '198.51.100.6', bits: 31, family: 'ipv4' }],
  ['2001:db8::/32', { address: '2001:db8::', bits: 32, family: 'ipv6' }],
  ['::1', { address: '::1', bits: 128, family: 'ipv6' }],
  ['::/0', { address: '::', bits: 0, family: 'ipv6' }],
  ['10.0.0.1/8', null],
  ['10.128.0.0/8', null],
  ['2001:db8::1/64', null],
  ['10.0.0.0/33', null],
  ['10.0.0.0/08', null],
  ['10.0.0.0/', null],
  ['10.0.0.0/-1', null],
  ['10.0.0/8', null],
  ['010.0.0.0/8', null],
  ['::/129', null],
  ['fe80::1%eth0/64', null],
  ['example.com', null],
  ['', null],
] as const) {
  test(`parseRange reads ${text === '' ? 'the empty text' : text}`, () => assert.deepEqual(parseRange(text), expected));
}

test('a range holds its addresses, mapped ones too, and no others', () => {
  const list = rangeList(['10.20.0.0/16', '2001:db8:1::/48']);
  assert.equal(isInRanges(list, '10.20.255.1'), true);
  assert.equal(isInRanges(list, '::ffff:10.20.1.2'), true);
  assert.equal(isInRanges(list, '2001:db8:1::9'), true);
  assert.equal(isInRanges(list, '10.21.0.1'), false);
  assert.equal(isInRanges(list, '2001:db8:2::9'), false);
  assert.equal(isInRanges(list, 'not an address'), false);
});

test('rangeList throws on what is no range', () => {
  assert.throws(() => rangeList(['10.0.0.1/8']), /not an address range: 10\.0\.0\.1\/8/);
});

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

for (const [address, expected] of [
  ['192.0.2.1', [192, 0, 2, 1]],
  ['::', zeros(16)],
  ['::1', [...zeros(15), 1]],
  ['2001:db8::', [0x20, 1, 0xd, 0xb8, ...zeros(12)]],
  ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ['64:ff9b::7f00:1', [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1]],
  ['::ffff:192.0.2.1', [...zeros(10), 255, 255, 192, 0, 2, 1]],
  ['1::192.0.2.1', [0, 1, ...zeros(10), 192, 0, 2, 1]],
  ['fe80::1%eth0', [0xfe, 0x80, ...zeros(13), 1]],
] as const) {
  test(`addressBytes reads ${address}`, () => assert.deepEqual(addressBytes(address), expected));
}
