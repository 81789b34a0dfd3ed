// What somebody at a terminal, and somebody who reads a log, gets to see.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Second } from '../run-record.ts';
import { findScenario } from '../scenarios.ts';
import { Progress, renderMoment, type Moment } from './progress.ts';

const SECOND = {
  agents: { opened: 20, back: 3, failed: { DRAINING: 1, reset: 1 }, dropped: { 1006: 4 } },
  roles: { k6: { cpuSeconds: 0.5, userKib: 204_800 }, pinhole: { cpuSeconds: 0.25, userKib: 102_400 } },
} as unknown as Second;
const MOMENT: Moment = { at: 65.4, of: 700, phase: 'hold', established: 9_998, wanted: 10_000, last: SECOND };

test('a moment has the time, the phase, the sessions, the rates, what went wrong and what it costs', () =>
  assert.equal(
    renderMoment(MOMENT, { through: 'pinhole' }),
    '1:05 of 11:40  hold  9,998 of 10,000 sessions  20 opens/s  3 answers/s  2 failed  4 dropped  k6 50 % 200 MiB  pinhole 25 % 100 MiB',
  ));

test('a terminal has one line that changes, and news below it; a log a line every ten seconds', () => {
  let text = '';
  const write = (part: string): void => void (text += part);
  const live = new Progress({ write, columns: 20 }, findScenario('hold')!);
  live.moment(MOMENT);
  live.moment({ ...MOMENT, at: 66 });
  live.say('eu-1a dies');
  assert.equal(text, '\r\u001B[K1:05 of 11:40  hold\r\u001B[K1:06 of 11:40  hold\neu-1a dies\n');
  text = '';
  const lines = new Progress({ write, columns: null }, findScenario('hold')!);
  for (const at of [1, 2, 10.9, 11, 12]) lines.moment({ ...MOMENT, at, last: null });
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 4)),
    ['0:01', '0:11'],
  );
});
