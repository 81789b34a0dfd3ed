// What a carrier reports, with parts that only listen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarrierReport, type CarrierReportDeps } from './carrier-report.ts';
import { RestingClock } from '../core/resting-clock.ts';
import { FakeClock } from '../test/support/fake-clock.ts';

function harness() {
  const time = new FakeClock();
  const clock = new RestingClock(time, 4_000);
  const now = { bytesUp: 0, bytesDown: 0, tunnels: 0, faults: 0 };
  const moved: [up: number, down: number][] = [];
  const written: { readonly atMs: number; readonly isHasty: boolean }[] = [];
  const warned: object[] = [];
  const collected: [tunnels: number, heapBytes: number, seconds: number][] = [];
  const calls = { listeners: 0, resolver: 0, summaries: 0, tunnels: -1 };
  const startMs = time.nowMs();
  const metrics = {
    bytes: (up: number, down: number) => void moved.push([up, down]),
    gauges: ({ tunnels }: { readonly tunnels: number }) => void (calls.tunnels = tunnels),
    persist: async (_: string, __: unknown, isHasty = false) => void written.push({ atMs: time.nowMs() - startMs, isHasty }),
  };
  const plane = {
    sessions: { pending: () => 0, tunnels: () => now.tunnels },
    engine: { totals: now },
    resolver: { look: () => (calls.resolver += 1) },
  };
  const report = new CarrierReport({
    clock,
    loop: { worst: () => 0 },
    plane: () => plane,
    collector: { look: (tunnels, heapBytes, seconds) => void collected.push([tunnels, heapBytes, seconds]) },
    heapBytes: () => 7,
    metrics: metrics as unknown as CarrierReportDeps['metrics'],
    log: { dropped: () => 0, warn: (line: object) => void warned.push(line) } as unknown as CarrierReportDeps['log'],
    ledger: { ioFaults: () => now.faults },
    recorder: { summarize: () => void (calls.summaries += 1) },
    listeners: { held: 0, look: () => (calls.listeners += 1) },
    carrier: { runtime: '/nonexistent', slot: 0, generation: 1, descriptors: 1_000 },
  });
  return { time, clock, now, moved, written, warned, collected, calls, report };
}

test('each second it looks after what has no event of its own, seldom in a rest, and no more once it was stopped', () => {
  const { time, clock, collected, calls, report } = harness();
  time.advance(5_000);
  assert.deepEqual(calls, { listeners: 5, resolver: 5, summaries: 5, tunnels: 0 });
  clock.rest();
  time.advance(9_000);
  assert.deepEqual(calls, { listeners: 8, resolver: 8, summaries: 8, tunnels: 0 });
  assert.deepEqual(
    collected.map(([, , seconds]) => seconds),
    [1, 1, 1, 1, 1, 1, 4, 4],
  );
  report.stop();
  time.advance(20_000);
  assert.deepEqual(calls, { listeners: 8, resolver: 8, summaries: 8, tunnels: 0 });
});

test('who asks has bytes and gauges as of now, and each byte is counted once', () => {
  const { time, now, moved, calls, report } = harness();
  Object.assign(now, { bytesUp: 10, bytesDown: 20, tunnels: 3 });
  report.count();
  assert.deepEqual([moved.splice(0), calls.tunnels], [[[10, 20]], 3]);
  now.bytesUp = 15;
  time.advance(1_000);
  now.bytesDown = 21;
  report.stop();
  assert.deepEqual(moved, [
    [5, 0],
    [0, 1],
  ]);
});

test('bytes alone are written down every five seconds, and in a rest never later than that', () => {
  const { time, clock, written } = harness();
  time.advance(11_000);
  const whole = (): number[] => written.splice(0).flatMap(({ atMs, isHasty }) => (isHasty ? [] : [atMs]));
  assert.deepEqual(whole(), [5_000, 10_000]);
  clock.rest();
  time.advance(13_000);
  assert.deepEqual(whole(), [12_000, 16_000, 20_000, 24_000]);
});

test('counts that could not be shared are said, also the last of them, and each once', () => {
  const { time, now, warned, report } = harness();
  now.faults = 2;
  time.advance(3_000);
  now.faults = 3;
  report.stop();
  assert.deepEqual(warned, [
    { event: 'limits-not-shared', faults: 2 },
    { event: 'limits-not-shared', faults: 1 },
  ]);
});
