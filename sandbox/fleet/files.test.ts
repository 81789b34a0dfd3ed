import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeScheduleFor } from './files.ts';

test('the probe runs as much more often as the clock is faster, and leaves a round the time to end', () => {
  assert.deepEqual(
    [1, 1.5, 2, 5, 10, 20].map(probeScheduleFor),
    [15, 10, 6, 3, 2, 2].map((seconds) => `*/${seconds} * * * * *`),
  );
});
