import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { drainFile, verdictFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { readDrain, watchDrain, writeDrain } from './drain-file.ts';
import { createReadiness } from './readiness.ts';
import { readVerdict, type Verdict, VERDICT_STALE_MS, writeVerdict } from './verdict.ts';

const QUIET: Verdict = { ready: true, reasons: [], concerns: [], latches: [], fullUpstreams: [], answerS: null, atMs: 0 };

function harness(t: TestContext) {
  const runtime = mkdtempSync(join(tmpdir(), 'ready-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const watch = watchDrain({ runtime, clock });
  const readiness = createReadiness({ runtime, clock, drain: watch });
  const say = (ready: boolean, change: Partial<Verdict> = {}): void =>
    writeVerdict(runtime, { ...QUIET, ready, reasons: ready ? [] : ['because'], atMs: clock.nowMs(), ...change });
  return { runtime, clock, readiness, watch, say };
}

test('a carrier is ready from when it accepts until it stops, and never again', (t) => {
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

const ORDER = { by: 'ann', askedAtMs: 0, deadlineAtMs: 1e9, pausedAtMs: null, rate: 8, tunnels: 0, slow: null };

test('an order to drain is not ready at once, and refuses once it has settled; without it all is as before', (t) => {
  const { runtime, clock, readiness, watch } = harness(t);
  readiness.setAccepting(true);
  writeDrain(runtime, { ...ORDER, closesFromMs: clock.nowMs() + 60_000 });
  watch.look();
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [false, false]);
  clock.advance(59_999);
  assert.equal(readiness.isDraining(), false);
  clock.advance(1);
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [false, true]);
  writeDrain(runtime, null);
  watch.look();
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [true, false]);
});

test('a pause holds what a drain does with new tunnels', (t) => {
  const { runtime, clock, readiness, watch } = harness(t);
  readiness.setAccepting(true);
  writeDrain(runtime, { ...ORDER, closesFromMs: clock.nowMs() + 60_000, pausedAtMs: clock.nowMs() });
  watch.look();
  clock.advance(3_600_000);
  assert.deepEqual([readiness.isReady(), readiness.isDraining()], [false, false]);
});

test('an order that nobody told of is found within a second, and a carrier that starts has it from the beginning', (t) => {
  const { runtime, clock, readiness } = harness(t);
  readiness.setAccepting(true);
  writeDrain(runtime, { ...ORDER, closesFromMs: clock.nowMs() });
  assert.equal(readiness.isDraining(), false);
  clock.advance(1_000);
  assert.equal(readiness.isDraining(), true);
  const late = createReadiness({ runtime, clock, drain: watchDrain({ runtime, clock }) });
  late.setAccepting(true);
  assert.deepEqual([late.isReady(), late.isDraining()], [false, true]);
});

test('what is no order in the file is none', (t) => {
  const { runtime } = harness(t);
  writeFileSync(drainFile(runtime), '{"by":');
  assert.equal(readDrain(runtime), null);
  writeDrain(runtime, null);
  writeDrain(runtime, null);
  assert.equal(readDrain(runtime), null);
});
