import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Round, StormSeen, Turn } from './storm.ts';
import { flawsOf, openUs, pressesOf, renderStorm } from './storm-report.ts';

const QUIET: Turn = {
  opens: { opened: 1_000, failed: 0, seconds: 10, p50Ms: 1, p99Ms: 4, firstFailure: '' },
  messages: { wanted: 1_000, back: 1_000, p50Us: 100, p99Us: 2_000 },
  ...{ cpuS: 0.3, seconds: 10, logBytes: 1_000_000, memoryKib: 204_800, asked: null, held: null },
};
const ASKED = { asked: 20_000, seconds: 10, late: 0, failed: 0, closed: 0, unanswered: 0, answers: { 429: 20_000 } };
const STORMY: Turn = { ...QUIET, opens: { ...QUIET.opens, p99Ms: 6 }, cpuS: 1.3, logBytes: 1_100_000, asked: ASKED };
const SILENT: Turn = { ...QUIET, held: { asked: 10_000, held: 1_024, closed: 8_976, failed: 0, seconds: 1 } };

function seen(storm: Partial<Turn> = {}): StormSeen {
  const round = (pressed: Turn): Round => ({ quiet: QUIET, pressed });
  return {
    idleCpuS: 0.1,
    rounds: { storm: [round({ ...STORMY, ...storm })], silent: [round(SILENT)], refused: [round({ ...STORMY, logBytes: 1_050_000 })] },
  };
}

test('an open costs what the node takes beyond its rest, a refusal what it takes beyond the good agents', () => {
  assert.equal(Math.round(openUs(seen())), 200);
  const [storm] = pressesOf(seen());
  assert.equal(Math.round(storm?.refusalUs ?? 0), 50);
  assert.equal(storm?.p99Times, 1.5);
  assert.equal(storm?.answered, 2_000);
});

test('a run in which all held has no flaw', () => assert.deepEqual(flawsOf(seen(), 2), []));

for (const [what, change, flaw] of [
  ['others are slowed', { opens: { ...QUIET.opens, p99Ms: 8.1 } }, /2\.0[0-9] times/],
  ['a refusal is dear', { cpuS: 4.4 }, /a refusal took 205 µs of CPU, an open 200/],
  [
    'a good open fails',
    { opens: { ...QUIET.opens, failed: 1, firstFailure: 'HTTP/1.1 503 NODE_FULL ' } },
    /1 opens of good agents failed \(HTTP\/1.1 503 NODE_FULL\)/,
  ],
  ['a message is lost', { messages: { ...QUIET.messages, back: 998 } }, /2 messages/],
  ['the log fills', { logBytes: 50_000_000 }, /49000000 bytes of log/],
] as const)
  test(`told where ${what}`, () => {
    const flaws = flawsOf(seen(change), 2);
    assert.equal(flaws.length, 1);
    assert.match(flaws[0] ?? '', flaw);
  });

test('the table has a column for each press', () => {
  const text = renderStorm(seen());
  assert.match(text, /\| asked for .* \| 2000 \/ 2000 \/ 0 \| 1000 \/ 0 \/ 898 \| 2000 \/ 2000 \/ 0 \|/);
  assert.match(text, /× 1\.50/);
  assert.match(text, /CPU of one good open: 200 µs\./);
});
