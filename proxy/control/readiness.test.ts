import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { verdictFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { createReadiness } from './readiness.ts';
import { readVerdict, VERDICT_STALE_MS, writeVerdict } from './verdict.ts';

function harness(t: TestContext) {
  const runtime = mkdtempSync(join(tmpdir(), 'ready-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const readiness = createReadiness({ runtime, clock });
  const say = (ready: boolean): void => writeVerdict(runtime, { ready, reasons: ready ? [] : ['because'], atMs: clock.nowMs() });
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
  assert.equal(readiness.isReady(), false);
  clock.advance(VERDICT_STALE_MS + 1);
  assert.equal(readiness.isReady(), true);
});

test('a verdict of before the machine was started again, or none that can be read, counts as none', (t) => {
  const { runtime, clock } = harness(t);
  assert.equal(readVerdict(runtime, clock), null);
  writeVerdict(runtime, { ready: false, reasons: [], atMs: clock.nowMs() + 1e9 });
  assert.equal(readVerdict(runtime, clock), null);
  writeFileSync(verdictFile(runtime), '{"ready":');
  assert.equal(readVerdict(runtime, clock), null);
});
