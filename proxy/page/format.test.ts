import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, clockTime, count, duration, percent, perSecond } from './format.mjs';

for (const [given, expected] of [
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KiB'],
  [150 * 1_024, '150 KiB'],
  [3 * 1_024 ** 3, '3.0 GiB'],
] as const) {
  test(`${given} bytes are ${expected}`, () => assert.equal(bytes(given), expected));
}

for (const [given, expected] of [
  [-5, '0 s'],
  [59_400, '59 s'],
  [61_000, '1 min 1 s'],
  [3_600_000 + 120_000, '1 h 2 min'],
  [90_000_000, '1 d 1 h'],
] as const) {
  test(`${given} ms are ${expected}`, () => assert.equal(duration(given), expected));
}

test('counts have thin spaces, rates below ten a decimal, shares no more than two digits', () => {
  assert.deepEqual([count(999), count(50_000), count(1_234_567)], ['999', '50\u202f000', '1\u202f234\u202f567']);
  assert.deepEqual([perSecond(0), perSecond(2.25), perSecond(120.4)], ['0', '2.3', '120']);
  assert.deepEqual([percent(0), percent(0.001), percent(0.5), percent(1)], ['0 %', '<1 %', '50 %', '100 %']);
});

test('a time of day has two digits each', () => assert.match(clockTime(0), /^\d\d:\d\d:\d\d$/));
