import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrainSeen } from './drain.ts';
import { brokenIn, etasOf, mostInOneSecond, renderDrain } from './drain-report.ts';

/** Ten a second from the third second on, as the command and the far end see it. */
const TUNNELS = 100;
const moments = Array.from({ length: TUNNELS }, (_, index) => 3_000 + (index + 1) * 100);
const SEEN: DrainSeen = {
  tunnels: TUNNELS,
  rate: 10,
  load: 0.5,
  failed: 0,
  lines: [0, 1_000, 2_000, ...Array.from({ length: 11 }, (_, index) => 3_000 + index * 1_000)].map((atMs) => {
    const tunnels = moments.filter((moment) => moment > atMs).length;
    return { atMs, phase: tunnels === 0 ? 'drained' : 'closing', tunnels, etaMs: 13_000 - atMs, why: null };
  }),
  endedMs: moments,
  cameMs: moments,
  lateMs: 2,
  back: TUNNELS,
  failures: [],
  tunnelsLeft: 0,
  ended: 'ended with 0',
};

for (const [name, momentsMs, most] of [
  ['nothing', [], 0],
  ['one', [5], 1],
  ['a second apart is not in one second', [0, 1_000, 2_000], 1],
  ['a second that begins anywhere: 4 in it, of which 2 and 2 in seconds of the clock', [100, 800, 900, 1_100, 1_799], 4],
  ['all at once', [7, 7, 7], 3],
] as const) {
  test(`most in one second: ${name}`, () => assert.equal(mostInOneSecond(momentsMs), most));
}

test('a drain that kept everything has nothing broken', () => {
  assert.deepEqual(brokenIn(SEEN), []);
  assert.match(renderDrain(SEEN), /\| most connections in any one second, at the far end \| 10 \(wanted: at most 10\) \|/);
  assert.match(renderDrain(SEEN), /\| time left, at 50 % closed: said \/ took \| 5\.0 s \/ 5\.0 s, \+0\.0 % \(wanted: within 15 %\) \|/);
  assert.match(renderDrain(SEEN), /\| slowed down \| never \|/);
});

test('a time is held against what it took from there', () => {
  assert.deepEqual(
    etasOf({ ...SEEN, lines: SEEN.lines.map((line) => ({ ...line, etaMs: (line.etaMs ?? 0) * 1.2 })) }).map(
      ({ percent, saidS, tookS, offPercent }) => [percent, saidS, tookS, Math.round(offPercent)],
    ),
    [
      [0, 15.6, 13, 20],
      [25, 8.4, 7, 20],
      [50, 6, 5, 20],
      [75, 2.4, 2, 20],
    ],
  );
});

test('each broken promise is said', () => {
  const broken = brokenIn({
    ...SEEN,
    cameMs: [...SEEN.cameMs.slice(0, 50), SEEN.cameMs[49]!, ...SEEN.cameMs.slice(50)],
    lines: SEEN.lines.map((line, index) => (index === 0 ? { ...line, etaMs: 10_000 } : line)),
    back: 97,
    failures: ['ECONNRESET', 'ECONNRESET'],
    tunnelsLeft: 2,
    ended: 'ended with 1',
  });
  assert.deepEqual(broken, [
    'the far end got 11 connections in one second, more than 10',
    'at 0 % it said 10.0 s, and took 13.0 s: −23.1 %',
    '2 tunnels are left',
    'the command ended with 1',
    '3 agents did not come back',
    'an agent was told: ECONNRESET',
  ]);
});

test('a drain that says no time for a mark is not sound', () => {
  assert.deepEqual(brokenIn({ ...SEEN, lines: SEEN.lines.slice(0, 7) }), ['only 2 of 4 times were said; the drain was too short for more']);
});

test('why it was slowed down is shown', () => {
  const lines = SEEN.lines.map((line) => ({ ...line, why: '12 refused, failed or lost a second' }));
  assert.match(renderDrain({ ...SEEN, lines }), /\| slowed down \| 12 refused, failed or lost a second \|/);
});
