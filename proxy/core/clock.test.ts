import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';

test('the clock is the machine’s: two processes that read it at once read the same', () => {
  // The kernel may take the processor away between two readings, so the nearest of some counts.
  const apart = Array.from({ length: 50 }, () => Math.abs(Number(process.hrtime.bigint()) / 1e6 - systemClock.nowMs()));
  assert.ok(Math.min(...apart) < 0.2, `${Math.min(...apart)} ms apart`);
});

test('what comes again and again comes in its period, and together with what has a multiple of it', async () => {
  const came: [name: string, atMs: number][] = [];
  const cancels = [
    systemClock.every(20, () => came.push(['often', systemClock.nowMs()])),
    systemClock.every(60, () => came.push(['seldom', systemClock.nowMs()])),
  ];
  await new Promise((resolve) => setTimeout(resolve, 400));
  for (const cancel of cancels) cancel();
  const count = came.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(came.length, count, 'and not after it was cancelled');
  const of = (wanted: string): number[] => came.filter(([name]) => name === wanted).map(([, atMs]) => atMs);
  const [often, seldom] = [of('often'), of('seldom')];
  assert.ok(often.length >= 4 && often.length <= 21 && seldom.length >= 2 && seldom.length <= 7, `${often.length}, ${seldom.length}`);
  const apart = seldom.map((atMs) => Math.min(...often.map((other) => Math.abs(other - atMs))));
  assert.ok(apart.filter((ms) => ms < 3).length >= apart.length / 2, apart.join(' '));
});
