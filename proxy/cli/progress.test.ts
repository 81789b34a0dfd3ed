import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DrainProgress, ProgressLine, renderBar, renderProgress } from './progress.ts';

const CLOSING: DrainProgress = {
  phase: 'closing',
  tunnels: 360,
  tunnelsAtFirst: 600,
  settleLeftMs: 0,
  rate: 8,
  rateNow: 8,
  why: null,
  etaMs: 46_400,
};

for (const [what, progress, expected] of [
  ['closing', CLOSING, 'closing: 240 of 600 closed, 8 a second, 46s left'],
  [
    'settling',
    { ...CLOSING, phase: 'settling', tunnels: 600, settleLeftMs: 90_000, etaMs: 167_000 },
    'settling: 600 open, new tunnels are served for 1m 30s more, 2m 47s left',
  ],
  [
    'slow',
    { ...CLOSING, rateNow: 1, why: '9 refused, failed or lost a second', etaMs: 371_000 },
    'closing: 240 of 600 closed, 1 a second instead of 8 (9 refused, failed or lost a second), 6m 11s left',
  ],
  ['at less than one a second', { ...CLOSING, rateNow: 0.125 }, 'closing: 240 of 600 closed, 0.1 a second, 46s left'],
  ['paused', { ...CLOSING, phase: 'paused', etaMs: null }, 'paused: 240 of 600 closed'],
  [
    'paused while it settled',
    { ...CLOSING, phase: 'paused', settleLeftMs: 5, etaMs: null },
    'paused: 240 of 600 closed, new tunnels are served',
  ],
  ['at its last moment', { ...CLOSING, tunnels: 1, etaMs: 12 }, 'closing: 599 of 600 closed, 8 a second, 1s left'],
  ['drained', { ...CLOSING, phase: 'drained', tunnels: 0, etaMs: 0 }, 'drained: no tunnel is left'],
] as const) {
  test(`a drain that is ${what} in words`, () => assert.equal(renderProgress(progress), expected));
}

for (const [what, progress, columns, expected] of [
  ['wide', CLOSING, 120, `closing  [${'#'.repeat(16)}${'.'.repeat(24)}] 240 of 600 closed, 8 a second, 46s left`],
  ['narrow', CLOSING, 70, `closing  [${'#'.repeat(7)}${'.'.repeat(11)}] 240 of 600 closed, 8 a second, 46s left`],
  ['too narrow for a bar', CLOSING, 40, 'closing: 240 of 600 closed, 8 a second,'],
  ['empty', { ...CLOSING, tunnels: 600 }, 120, `closing  [${'.'.repeat(40)}] 0 of 600 closed, 8 a second, 46s left`],
  ['of nothing', { ...CLOSING, phase: 'drained', tunnels: 0, tunnelsAtFirst: 0 }, 120, `drained  [${'#'.repeat(40)}] no tunnel is left`],
] as const) {
  test(`a bar that is ${what}`, () => {
    const bar = renderBar(progress, columns);
    assert.equal(bar, expected);
    assert.ok(bar.length < columns);
  });
}

function harness(columns: number | null) {
  let nowMs = 0;
  let out = '';
  const line = new ProgressLine({ stdout: (text) => (out += text), columns: () => columns, nowMs: () => nowMs });
  return { line, pass: (ms: number) => void (nowMs += ms), out: () => out };
}

test('on a terminal the line is written over, and what is said goes under it', () => {
  const { line, out } = harness(120);
  line.show(CLOSING);
  line.show({ ...CLOSING, tunnels: 0, phase: 'drained' });
  line.say('Done.');
  line.say('And more.');
  const [first = '', second = '', ...more] = out().split('\r\u001B[K').slice(1);
  assert.match(first, /^closing {2}\[#+\.+\] 240 of 600[^\n]*$/);
  assert.match(second, /^drained {2}\[#+\] no tunnel is left\nDone\.\nAnd more\.\n$/);
  assert.deepEqual(more, []);
});

test('elsewhere there is a line for each phase and each trouble, and one in ten seconds', () => {
  const { line, pass, out } = harness(null);
  for (let second = 0; second < 25; second += 1) {
    line.show({ ...CLOSING, tunnels: 360 - 8 * second });
    pass(1_000);
  }
  line.show({ ...CLOSING, tunnels: 100, rateNow: 4, why: 'trouble' });
  line.show({ ...CLOSING, tunnels: 0, phase: 'drained' });
  line.say('Done.');
  assert.deepEqual(
    out()
      .trim()
      .split('\n')
      .map((text) => text.slice(0, 24)),
    [
      'closing: 240 of 600 clos',
      'closing: 320 of 600 clos',
      'closing: 400 of 600 clos',
      'closing: 500 of 600 clos',
      'drained: no tunnel is le',
      'Done.',
    ],
  );
});
