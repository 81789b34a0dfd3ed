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
    renderMoment(MOMENT, { through: 'pinhole' }, 0),
    '1:05 of 11:40  hold  9,998 of 10,000 sessions  20 opens/s  3 answers/s  2 failed  4 dropped  k6 50 % 200 MiB  pinhole 25 % 100 MiB',
  ));

test('time counts from the first agent, as the length of the run does, and before that there is none of it', () => {
  let text = '';
  const progress = new Progress({ write: (part) => void (text += part), columns: null }, findScenario('hold')!);
  progress.moment({ ...MOMENT, at: 12, phase: 'start', established: 0, wanted: 0, last: null });
  progress.moment({ ...MOMENT, at: 30, phase: 'ramp', last: null });
  progress.moment({ ...MOMENT, at: 729, phase: 'hold', last: null });
  assert.deepEqual(
    text.split('\n').map((line) => line.split('  ').slice(0, 2).join(' ')),
    ['0:12 start', '0:00 of 11:40 ramp', '11:39 of 11:40 hold', ''],
  );
});

test('a terminal has one line that changes, and news below it; a log a line every ten seconds', () => {
  let text = '';
  const write = (part: string): void => void (text += part);
  const live = new Progress({ write, columns: 20 }, findScenario('hold')!);
  live.moment(MOMENT);
  live.moment({ ...MOMENT, at: 66.5 });
  live.say('eu-1a dies');
  assert.equal(text, '\r\u001B[K0:00 of 11:40  hold\r\u001B[K0:01 of 11:40  hold\neu-1a dies\n');
  text = '';
  const lines = new Progress({ write, columns: null }, findScenario('hold')!);
  for (const at of [1, 2, 10.9, 11, 12]) lines.moment({ ...MOMENT, at, last: null });
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, 4)),
    ['0:00', '0:10'],
  );
});
