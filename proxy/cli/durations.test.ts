import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBytes, renderDuration } from './durations.ts';

for (const [ms, expected] of [
  [0, '0s'],
  [999, '0s'],
  [1_000, '1s'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [3_661_000, '1h 1m'],
  [90_000_000, '1d 1h'],
] as const) {
  test(`${ms} ms is ${expected}`, () => assert.equal(renderDuration(ms), expected));
}

for (const [bytes, expected] of [
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 KiB'],
  [20 * 1_048_576, '20 MiB'],
  [5e15, '4547 TiB'],
] as const) {
  test(`${bytes} bytes are ${expected}`, () => assert.equal(renderBytes(bytes), expected));
}
