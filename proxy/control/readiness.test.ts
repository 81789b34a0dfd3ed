import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { verdictFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { createReadiness } from './readiness.ts';
import { readVerdict, type Verdict, VERDICT_STALE_MS, writeVerdict } from './verdict.ts';

const QUIET: Verdict = { ready: true, reasons: [], concerns: [], latches: [], fullUpstreams: [], answerS: null, atMs: 0 };

function harness(t: TestContext) {
  const runtime = mkdtempSync(join(tmpdir(), 'ready-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const readiness = createReadiness({ runtime, clock });
  const say = (ready: boolean, change: Partial<Verdict> = {}): void =>
    writeVerdict(runtime, { ...QUIET, ready, reasons: ready ? [] : ['because'], atMs: clock.nowMs(), ...change });
  return { runtime, clock, readiness, say };
}

test('a carrier is ready from when it accepts until it drains, and never again', (t) => {
  const { readiness } = harness(t);
  assert.equal(readiness.isReady(), false);
  readiness.setAccepting(true);
  assert.equal(readiness.isReady(), true);
  readiness.setAccepting(false);
  assert.equal(readiness.isReady(), false);
  readiness.setAccepting(true);
  readiness.setDraining();
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [false, true]);
  readiness.setAccepting(true);
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [false, true]);
});

test("control's verdict is heard within a second", (t) => {
  const { readiness, clock, say } = harness(t);
  readiness.setAccepting(true);
  assert.equal(readiness.isReady(), true);
  say(false);
  clock.advance(1_000);
  assert.equal(readiness.isReady(), false);
  say(true);
  clock.advance(1_000);
  assert.equal(readiness.isReady(), true);
});

test('a verdict that has grown old counts as ready: control is gone, the carrier is not', (t) => {
  const { readiness, clock, say } = harness(t);
  readiness.setAccepting(true);
  say(false);
  clock.advance(1_000);
  assert.equal(readiness.isReady(), false);
  clock.advance(VERDICT_STALE_MS - 1_000);
  assert.equal(readiness.isReady(), false);
  clock.advance(1);
  assert.equal(readiness.isReady(), true);
});

test('an answer reads no file: the verdict is looked up by the clock alone', (t) => {
  const { runtime, readiness, clock, say } = harness(t);
  readiness.setAccepting(true);
  say(false);
  clock.advance(1_000);
  assert.equal(readiness.isReady(), false);
  writeFileSync(verdictFile(runtime), 'nonsense');
  assert.equal(readiness.isReady(), false);
  clock.advance(1_000);
  assert.equal(readiness.isReady(), true);
});

test('what control says of the whole node counts as long as its verdict does', (t) => {
  const { readiness, clock, say } = harness(t);
  assert.equal(readiness.answerS(), null);
  say(true, { fullUpstreams: ['192.0.2.1:443'], answerS: 0.7 });
  clock.advance(1_000);
  assert.deepEqual([...readiness.fullUpstreams()], ['192.0.2.1:443']);
  assert.equal(readiness.answerS(), 0.7);
  clock.advance(VERDICT_STALE_MS);
  assert.deepEqual([...readiness.fullUpstreams()], []);
  clock.advance(1_000);
  assert.equal(readiness.answerS(), null);
});

test('a verdict of before the machine was started again, or none that can be read, counts as none', (t) => {
  const { runtime, clock } = harness(t);
  assert.equal(readVerdict(runtime, clock), null);
  writeVerdict(runtime, { ...QUIET, ready: false, atMs: clock.nowMs() + 1e9 });
  assert.equal(readVerdict(runtime, clock), null);
  writeFileSync(verdictFile(runtime), '{"ready":');
  assert.equal(readVerdict(runtime, clock), null);
});
