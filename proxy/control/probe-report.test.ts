import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { probeFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { probeVerdict } from '../test/support/probe-verdict.ts';
import { readProbe, viewOf } from './probe-report.ts';

const clock = new FakeClock();
clock.advance(1_000_000);
const VERDICT = probeVerdict(clock.nowMs());

function read(t: TestContext, text: string | null, waitedMs = 0) {
  const runtime = mkdtempSync(join(tmpdir(), 'probe-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  if (text !== null) writeFileSync(probeFile(runtime), text);
  return readProbe(runtime, clock, waitedMs);
}

for (const [what, verdict, waitedMs, withdraws, concerns, isLate] of [
  ['all is well', VERDICT, 0, '', [], false],
  ['something is wrong, and the node stays', { ...VERDICT, troubles: ['a', 'b'] }, 0, '', ['a', 'b'], false],
  ['the node should leave', { ...VERDICT, withdraw: true, troubles: ['a', 'b'] }, 0, 'a; b', ['a', 'b'], false],
  ['it should leave, and nobody says why', { ...VERDICT, withdraw: true }, 0, 'the probe says so', [], false],
  // Static stability: what is old takes no node out, and brings the last one back.
  ['too old', { ...VERDICT, withdraw: true, troubles: ['a'], atMs: VERDICT.atMs - 100_001 }, 0, '', ['the probe says nothing'], true],
  ['of before the machine started', { ...VERDICT, withdraw: true, atMs: VERDICT.atMs + 1e9 }, 0, '', ['the probe says nothing'], true],
  ['not there yet', null, 59_999, '', [], false],
  ['not there, and it should be', null, 60_000, '', ['the probe says nothing'], true],
] as const) {
  test(`the probe's word: ${what}`, (t) => {
    const report = read(t, verdict && JSON.stringify(verdict), waitedMs);
    assert.deepEqual([report.withdraws, report.concerns, report.isLate], [withdraws, concerns, isLate]);
  });
}

test('a file that cannot be read is none', (t) => assert.deepEqual(read(t, '{"atMs":').verdict, null));

test('people read how long ago it was', () => {
  const { secondsAgo, ...rest } = viewOf({ ...VERDICT, atMs: VERDICT.atMs - 7_400 }, clock);
  assert.equal(secondsAgo, 7);
  assert.ok(!('atMs' in rest) && !('goodForMs' in rest));
});
