import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseSize, renderDuration } from './units.ts';

for (const [text, expected] of [
  ['250ms', 250],
  ['10s', 10_000],
  ['31m', 1_860_000],
  ['2h', 7_200_000],
  ['0s', 0],
  ['10', null],
  ['10 s', null],
  ['010s', null],
  ['1.5h', null],
  ['-1s', null],
  ['1d', null],
  ['10S', null],
  ['1h30m', null],
  ['', null],
] as const) {
  test(`parseDuration reads ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), expected));
}

for (const [text, expected] of [
  ['512B', 512],
  ['256KiB', 262_144],
  ['1MiB', 1_048_576],
  ['1GiB', 1_073_741_824],
  ['256', null],
  ['256KB', null],
  ['256kib', null],
  ['1.5MiB', null],
] as const) {
  test(`parseSize reads ${text}`, () => assert.equal(parseSize(text), expected));
}

for (const [ms, expected] of [
  [7_200_000, '2h'],
  [90_000, '90s'],
  [9_999, '9999ms'],
  [1, '1ms'],
] as const) {
  test(`renderDuration writes ${ms} as ${expected}`, () => assert.equal(renderDuration(ms), expected));
}
