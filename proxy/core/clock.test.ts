import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { atOwnPace, commandClock, systemClock } from './clock.ts';

/** Looks until it is so; where that never comes, the checks behind it say what has. */
async function lookUntil(isSo: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !isSo(); looks += 1) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('the clock is the machine’s: two processes that read it at once read the same', () => {
  // The kernel may take the processor away between two readings, so the nearest of some counts.
  const apart = Array.from({ length: 50 }, () => Math.abs(Number(process.hrtime.bigint()) / 1e6 - systemClock.nowMs()));
  assert.ok(Math.min(...apart) < 0.2, `${Math.min(...apart)} ms apart`);
});

test('what comes again and again comes in its period, and together with what has a multiple of it', async () => {
  const came: [name: string, atMs: number][] = [];
  const of = (wanted: string): number[] => came.filter(([name]) => name === wanted).map(([, atMs]) => atMs);
  const startMs = systemClock.nowMs();
  const cancels = [
    systemClock.every(20, () => came.push(['often', systemClock.nowMs()])),
    systemClock.every(60, () => came.push(['seldom', systemClock.nowMs()])),
  ];
  await lookUntil(() => of('often').length >= 12 && of('seldom').length >= 6);
  for (const cancel of cancels) cancel();
  const passedMs = systemClock.nowMs() - startMs;
  const count = came.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(came.length, count, 'and not after it was cancelled');
  const [often, seldom] = [of('often'), of('seldom')];
  const counts = `${often.length}, ${seldom.length} in ${passedMs} ms`;
  assert.ok(often.length >= 12 && seldom.length >= 6, counts);
  assert.ok(often.length <= passedMs / 20 + 1 && seldom.length <= passedMs / 60 + 1, counts);
  const apart = seldom.map((atMs) => Math.min(...often.map((other) => Math.abs(other - atMs))));
  assert.ok(apart.filter((ms) => ms < 3).length >= apart.length / 2, apart.join(' '));
});

test('what has a pace of its own comes again when it wanted to, and not once it is over, also by itself', () => {
  const clock = new FakeClock();
  const came: [atMs: number, periodMs: number][] = [];
  const startMs = clock.nowMs();
  const wanted = [100, 250, 250, 100];
  const cancel = atOwnPace(clock, 100, (_, periodMs) => {
    came.push([clock.nowMs() - startMs, periodMs]);
    const next = wanted.shift();
    if (next === undefined) cancel();
    return next ?? 50;
  });
  clock.advance(5_000);
  assert.deepEqual(came, [
    [100, 100],
    [200, 100],
    [450, 250],
    [700, 250],
    [800, 100],
  ]);
});

test('of two that are due together each has its own turn of the loop', async () => {
  const seen: string[] = [];
  const busy = (name: string) => (): void => {
    seen.push(name);
    setTimeout(() => seen.push('between'), 0);
    // It is due by the next turn.
    const untilMs = systemClock.nowMs() + 3;
    while (systemClock.nowMs() < untilMs);
  };
  const cancels = [systemClock.every(40, busy('one')), systemClock.every(40, busy('other'))];
  await lookUntil(() => seen.length >= 20);
  for (const cancel of cancels) cancel();
  assert.ok(seen.length >= 20, seen.join(' '));
  for (const [at, name] of seen.entries())
    if (name !== 'between') assert.ok(seen[at + 1] === 'between' || at + 1 === seen.length, seen.join(' '));
});

test('one that throws keeps none of the others from its turn', async (t) => {
  const ran: string[] = [];
  const errors: string[] = [];
  // The runner's own listener would take it for a failure of the test.
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => errors.push(error.message));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const cancels = [
    systemClock.every(40, () => {
      ran.push('one');
      throw new Error('a bug');
    }),
    systemClock.every(40, () => ran.push('other')),
  ];
  await lookUntil(() => ran.length >= 6);
  for (const cancel of cancels) cancel();
  assert.ok(ran.filter((name) => name === 'other').length >= 2, ran.join(' '));
  assert.ok(errors.length >= 2 && errors.every((message) => message === 'a bug'), errors.join(' '));
});

test('what was cancelled by another that was due with it does not run', async () => {
  const ran: string[] = [];
  const cancels: (() => void)[] = [];
  for (const name of ['one', 'other'])
    cancels.push(
      systemClock.every(40, () => {
        ran.push(name);
        for (const cancel of cancels) cancel();
      }),
    );
  await lookUntil(() => ran.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(ran.length, 1, ran.join(' '));
});

test('turns that were missed are not made up for', async () => {
  let ran = 0;
  const cancelCount = systemClock.every(10, () => (ran += 1));
  const busy = (): void => {
    const untilMs = systemClock.nowMs() + 20;
    while (systemClock.nowMs() < untilMs);
  };
  const cancels = [1, 2, 3].map(() => systemClock.every(10, busy));
  await new Promise((resolve) => setTimeout(resolve, 600));
  await lookUntil(() => ran > 2);
  for (const cancel of cancels) cancel();
  const [before, sinceMs] = [ran, systemClock.nowMs()];
  // By then all that had piled up would have had its turn.
  await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 5)));
  const [counted, passedMs] = [ran - before, systemClock.nowMs() - sinceMs];
  cancelCount();
  // One that was due before, and those of the time that passed.
  assert.ok(ran > 2 && counted <= passedMs / 10 + 2, `${ran} runs, ${counted} of them in ${passedMs} ms`);
});

test('a process that stands still while a timer is set asks for no time that is past, of which Node warns', async (t) => {
  const warnings: Error[] = [];
  const heard = (warning: Error): void => void warnings.push(warning);
  process.on('warning', heard);
  t.after(() => process.off('warning', heard));
  const now = performance.now.bind(performance);
  // A period later at every look.
  let stoodMs = 0;
  t.mock.method(performance, 'now', () => now() + (stoodMs += 100));
  await new Promise<void>((resolve) => {
    const cancel = systemClock.every(20, () => {
      cancel();
      resolve();
    });
  });
  await new Promise<void>((resolve) => systemClock.after(-1, resolve));
  await new Promise<void>((resolve) => commandClock.after(-1, resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings.map(String), []);
});
