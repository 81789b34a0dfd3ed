import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';

test('the clock is the machine’s: two processes that read it at once read the same', () => {
  // The kernel may take the processor away between two readings, so the nearest of some counts.
  const apart = Array.from({ length: 50 }, () => Math.abs(Number(process.hrtime.bigint()) / 1e6 - systemClock.nowMs()));
  assert.ok(Math.min(...apart) < 0.2, `${Math.min(...apart)} ms apart`);
});
