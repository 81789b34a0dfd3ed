import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { drainFile, verdictFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { isDrainOrdered, readDrain, watchDrain, writeDrain } from './drain-file.ts';
import { createReadiness } from './readiness.ts';
import { readVerdict, type Verdict, VERDICT_STALE_MS, writeVerdict } from './verdict.ts';

const QUIET: Verdict = { ready: true, reasons: [], concerns: [], latches: [], fullUpstreams: [], answerS: null, atMs: 0 };

function harness(t: TestContext) {
  const runtime = mkdtempSync(join(tmpdir(), 'ready-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const lines: object[] = [];
  const log = { error: (line: object) => lines.push(line) };
  const watch = watchDrain({ runtime, clock, log });
  const readiness = createReadiness({ runtime, clock, drain: watch });
  const say = (ready: boolean, change: Partial<Verdict> = {}): void =>
    writeVerdict(runtime, { ...QUIET, ready, reasons: ready ? [] : ['because'], atMs: clock.nowMs(), ...change });
  return { runtime, clock, readiness, watch, log, lines, say };
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
  const { runtime, clock, readiness, log } = harness(t);
  readiness.setAccepting(true);
  writeDrain(runtime, { ...ORDER, closesFromMs: clock.nowMs() });
  assert.equal(readiness.isDraining(), false);
  clock.advance(1_000);
  assert.equal(readiness.isDraining(), true);
  const late = createReadiness({ runtime, clock, drain: watchDrain({ runtime, clock, log }) });
  late.setAccepting(true);
  assert.deepEqual([late.isReady(), late.isDraining()], [false, true]);
});

/** A link to itself: nobody can read it, whoever runs the test, and it is there. */
function makeUnreadable(runtime: string): void {
  rmSync(drainFile(runtime), { force: true });
  symlinkSync('drain.json', drainFile(runtime));
}

for (const [what, spoil] of [
  ['cannot be opened', makeUnreadable],
  ['is a folder', (runtime: string) => (rmSync(drainFile(runtime)), mkdirSync(drainFile(runtime)))],
  ['is broken', (runtime: string) => writeFileSync(drainFile(runtime), '{"by":')],
  ['is empty', (runtime: string) => writeFileSync(drainFile(runtime), '')],
  ['holds something else', (runtime: string) => writeFileSync(drainFile(runtime), 'null')],
  ['holds half of an order', (runtime: string) => writeFileSync(drainFile(runtime), '{"by":"ann","rate":8}')],
] as const) {
  test(`an order that ${what} is still one: the last that was read holds, and that is said once`, (t) => {
    const { runtime, clock, readiness, watch, log, lines } = harness(t);
    readiness.setAccepting(true);
    const order = { ...ORDER, closesFromMs: clock.nowMs() };
    writeDrain(runtime, order);
    watch.look();
    spoil(runtime);
    clock.advance(3_000);
    assert.deepEqual([watch.order(), readiness.isReady(), readiness.isDraining()], [order, false, true]);
    assert.deepEqual(
      lines.map((line) => Object.keys(line)),
      [['event', 'detail']],
    );
    assert.throws(() => readDrain(runtime));
    assert.equal(isDrainOrdered(runtime), true);

    const late = createReadiness({ runtime, clock, drain: watchDrain({ runtime, clock, log }) });
    late.setAccepting(true);
    assert.deepEqual([late.isReady(), late.isDraining()], [false, false], 'one that never read it serves, and brings nobody new');

    rmSync(drainFile(runtime), { recursive: true });
    clock.advance(1_000);
    assert.deepEqual([watch.order(), readiness.isReady(), late.isReady()], [null, true, true]);
    makeUnreadable(runtime);
    clock.advance(2_000);
    assert.equal(readiness.isReady(), false);
    assert.equal(lines.length, 4, 'two carriers, twice');
  });
}

/** Opens all that it may, and looks. */
const WITHOUT_DESCRIPTORS = `
  import { openSync } from 'node:fs';
  import { readDrain, watchDrain } from ${JSON.stringify(new URL('./drain-file.ts', import.meta.url))};
  const [, runtime, expected] = process.argv;
  const said = [];
  try {
    for (;;) openSync('/dev/null');
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
  const watch = watchDrain({ runtime, clock: { every() {} }, log: { error: ({ detail }) => said.push(detail.split(':')[0]) } });
  if (String([watch.isOrdered(), ...said]) !== expected) throw new Error(String([watch.isOrdered(), ...said]));
`;

for (const [what, order, expected] of [
  ['that there is no order', null, 'false'],
  ['that there is one, whatever it says', { ...ORDER, closesFromMs: 0 }, 'true,EMFILE'],
] as const) {
  test(`a process that has no descriptor left can tell ${what}`, (t) => {
    const { runtime } = harness(t);
    writeDrain(runtime, order);
    const node = [process.execPath, '--input-type=module', '--eval', WITHOUT_DESCRIPTORS, '--', runtime, expected];
    const { status, stderr } = spawnSync('/bin/sh', ['-c', 'ulimit -n 64 && exec "$@"', 'sh', ...node], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('no order is none', (t) => {
  const { runtime } = harness(t);
  writeDrain(runtime, null);
  assert.equal(readDrain(runtime), null);
});
