// What of all that can reach a run ends it in order, and what at once.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { catchSignals } from './signals.ts';

/** Events with their moments; gives what they led to. */
function after(events: readonly (readonly [atMs: number, what: string])[]): { stops: number; exits: number } {
  const [signals, output] = [new EventEmitter(), new EventEmitter()];
  let nowMs = 0;
  const seen = { stops: 0, exits: 0 };
  catchSignals({
    ...{ signals, outputs: [output], nowMs: () => nowMs },
    stop: () => (seen.stops += 1),
    exit: () => (seen.exits += 1),
  });
  for (const [atMs, what] of events) {
    nowMs = atMs;
    if (what === 'no reader') output.emit('error', new Error('EPIPE'));
    else signals.emit(what);
  }
  return { stops: Math.min(1, seen.stops), exits: seen.exits };
}

for (const [what, events, exits] of [
  ['Ctrl-C', [[0, 'SIGINT']], 0],
  [
    'one Ctrl-C that comes twice',
    [
      [0, 'SIGINT'],
      [900, 'SIGINT'],
    ],
    0,
  ],
  [
    'a reader that left, and every line after it',
    [
      [0, 'no reader'],
      [3_000, 'no reader'],
      [6_000, 'no reader'],
    ],
    0,
  ],
  [
    'a terminal that closed',
    [
      [0, 'SIGHUP'],
      [2_000, 'no reader'],
      [4_000, 'SIGHUP'],
    ],
    0,
  ],
  [
    'a second Ctrl-C that is meant',
    [
      [0, 'SIGINT'],
      [1_100, 'SIGINT'],
    ],
    1,
  ],
  [
    'somebody who insists after a reader left',
    [
      [0, 'no reader'],
      [5_000, 'SIGTERM'],
    ],
    1,
  ],
] as const)
  test(`${what} ends the run ${exits === 0 ? 'in order' : 'at once'}`, () => assert.deepEqual(after(events), { stops: 1, exits }));
