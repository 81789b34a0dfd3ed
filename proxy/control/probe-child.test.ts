import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readVerdict } from '../../healthcheck/probe/verdict-file.ts';
import { systemClock } from '../core/clock.ts';
import { isAlive, until } from '../test/support/fake-serve.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { testSettings } from '../test/support/settings.ts';
import { ProbeChild, type ProbeChildDeps } from './probe-child.ts';
import { probeJobOf } from './probe-job.ts';

const PROBE = fileURLToPath(new URL('../../healthcheck/probe/main.ts', import.meta.url));

function harness(t: TestContext, changes: Partial<ProbeChildDeps> = {}) {
  const runtime = mkdtempSync(join(tmpdir(), 'probe-'));
  const job = probeJobOf(runtime, testSettings(), { schedule: '* * * * * *', failures: 1, peers: [], roots: {}, login: null });
  const deaths: unknown[] = [];
  const child = new ProbeChild({ entry: PROBE, job, clock: systemClock, died: (death) => deaths.push(death), ...changes });
  t.after(async () => {
    await child.stop();
    rmSync(runtime, { recursive: true, force: true });
  });
  const script = (text: string): string => {
    const file = join(runtime, 'script.mjs');
    writeFileSync(file, text);
    return file;
  };
  return { runtime, job, child, deaths, script };
}

test('the probe runs as a process of its own, does its job, and ends when it is told', { timeout: 60_000 }, async (t) => {
  const { child, job } = harness(t);
  assert.equal(child.pid, null);
  child.start();
  const pid = child.pid ?? assert.fail('no pid');
  assert.ok(isAlive(pid));
  const verdict = await until(() => readVerdict(job.file, systemClock.nowMs()), 'a verdict');
  // Nobody listens at port 0: the probe has tried, and says so.
  assert.deepEqual([verdict.endpoints[0]?.isFailing, verdict.withdraw], [true, false]);
  assert.match(verdict.troubles[0] ?? '', /no other node has said/);
  await child.stop();
  assert.equal(isAlive(pid), false);
});

test('one that dies is started again, and its death is told', { timeout: 60_000 }, async (t) => {
  const { child, deaths } = harness(t);
  child.start();
  const first = child.pid ?? assert.fail('no pid');
  process.kill(first, 'SIGKILL');
  await until(() => deaths.length === 1, 'the death');
  assert.deepEqual(deaths, [{ code: null, signal: 'SIGKILL' }]);
  const second = await until(() => child.pid, 'another one');
  assert.notEqual(second, first);
});

test('signals that a terminal sends to everybody do not end it', { timeout: 60_000 }, async (t) => {
  const { child, job, deaths } = harness(t);
  child.start();
  await until(() => readVerdict(job.file, systemClock.nowMs()), 'a verdict');
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.kill(child.pid ?? assert.fail('no pid'), name);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual([isAlive(child.pid ?? assert.fail('no pid')), deaths], [true, []]);
});

test('one that dies again and again is started more and more seldom', { timeout: 60_000 }, async (t) => {
  const clock = new FakeClock();
  const { script } = harness(t);
  const deaths: number[] = [];
  const entry = script('process.exit(3);');
  const { child } = harness(t, { entry, clock, died: () => deaths.push(clock.nowMs()) });
  child.start();
  for (const delayMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const before = deaths.length;
    await until(() => deaths.length > before || (before > 0 && child.pid === null) || deaths.length === 1, 'a death');
    await until(() => child.pid === null, 'its end');
    clock.advance(delayMs - 1);
    assert.equal(child.pid, null, `not before ${delayMs} ms`);
    clock.advance(1);
    assert.notEqual(child.pid, null, `after ${delayMs} ms`);
  }
});

test('one that is silent is replaced, unless it is young', { timeout: 60_000 }, async (t) => {
  const clock = new FakeClock();
  const { script } = harness(t);
  const entry = script('setInterval(() => {}, 1000);');
  const { child, deaths } = harness(t, { entry, clock });
  child.start();
  clock.advance(59_999);
  child.replaceSilent();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(deaths, []);
  clock.advance(1);
  child.replaceSilent();
  await until(() => deaths.length === 1, 'the death');
});

test('another job takes the place of the one before, none ends it, and neither is a death', { timeout: 60_000 }, async (t) => {
  const { child, job, deaths } = harness(t);
  child.take({ ...job, failures: 7 });
  assert.equal(child.pid, null, 'before the start there is nothing to replace');
  child.start();
  const first = child.pid ?? assert.fail('no pid');
  child.take({ ...job, failures: 7 });
  assert.equal(child.pid, first, 'the same job');
  child.take(job);
  const second = child.pid ?? assert.fail('no pid');
  assert.notEqual(second, first);
  await until(() => !isAlive(first), 'the end of the first');
  await until(() => readVerdict(job.file, systemClock.nowMs()), 'a verdict of the second');
  child.take(null);
  await until(() => !isAlive(second), 'the end of the second');
  assert.equal(child.pid, null);
  child.take(job);
  assert.ok(isAlive(child.pid ?? assert.fail('no pid')), 'wanted again');
  assert.deepEqual(deaths, []);
});
