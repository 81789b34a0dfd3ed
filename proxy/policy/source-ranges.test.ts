import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isInRanges, parseRange, rangeList } from './ranges.ts';
import { SourceRanges } from './source-ranges.ts';

function rangesOf(texts: readonly string[]): SourceRanges<string> {
  const ranges = new SourceRanges<string>();
  for (const text of texts) ranges.add(text, text);
  return ranges;
}

const RANGES = rangesOf([
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/23',
  '10.1.2.3',
  '2001:db8::/32',
  '2001:db8:0:8000::/49',
  '::1/128',
]);

for (const [address, expected] of [
  ['192.0.2.1', '0.0.0.0/0'],
  ['10.200.0.1', '10.0.0.0/8'],
  ['10.1.200.1', '10.1.0.0/16'],
  ['10.1.3.255', '10.1.2.0/23'],
  ['10.1.4.0', '10.1.0.0/16'],
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8::7', '2001:db8::/32'],
  ['2001:db8:0:8001::1', '2001:db8:0:8000::/49'],
  ['::1', '::1/128'],
  ['::2', null],
  ['fe80::1%eth0', null],
  ['10.1.2', null],
  ['', null],
] as const) {
  test(`${address} is found in ${expected}`, () => assert.equal(RANGES.find(address), expected));
}

test('no ranges hold nobody', () => {
  assert.equal(rangesOf([]).find('10.0.0.1'), null);
  assert.ok(rangesOf([]).isEmpty);
});

test('any address of IPv4 is found where Node finds it, and in the longest range of all', () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 32 })).map(([number, bits]) => {
    const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
    const first = (number & mask) >>> 0;
    return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/${bits}`;
  });
  const near = fc.tuple(fc.array(range, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 7 }), fc.integer({ min: -2, max: 300 }));
  fc.assert(
    fc.property(near, ([texts, which, offset]) => {
      const [a = 0, b = 0, c = 0, d = 0] = (parseRange(texts[which % texts.length] ?? '')?.address ?? '').split('.').map(Number);
      const number = (((a << 24) | (b << 16) | (c << 8) | d) + offset) >>> 0;
      const address = `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
      const holding = texts.filter((text) => isInRanges(rangeList([text]), address)).map((text) => parseRange(text)?.bits ?? -1);
      const found = rangesOf(texts).find(address);
      assert.equal(found === null ? -1 : parseRange(found)?.bits, Math.max(-1, ...holding));
    }),
    { numRuns: 2_000 },
  );
});
