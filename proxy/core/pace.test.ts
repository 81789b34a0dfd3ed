import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIM, Pace } from './pace.ts';

/** The moments of the closes of so many seconds; each is told `lateMs()` after it was due. */
function closes(rate: number, seconds: number, lateMs: () => number = () => 0): number[] {
  const pace = new Pace(rate, Math.random);
  const moments: number[] = [];
  for (let nowMs = 5_000; ;) {
    nowMs = pace.next(nowMs) + lateMs();
    if (nowMs > 5_000 + 1_000 * seconds) return moments;
    for (let one = 0; one < pace.atOnce; one += 1) moments.push(nowMs);
    pace.closed(nowMs);
  }
}

/** The most in any stretch of time of that length, wherever it begins. */
function most(moments: readonly number[], lengthMs: number): number {
  let found = 0;
  for (let first = 0, next = 0; first < moments.length; first += 1) {
    while (next < moments.length && (moments[next] ?? 0) < (moments[first] ?? 0) + lengthMs) next += 1;
    found = Math.max(found, next - first);
  }
  return found;
}

for (const rate of [1, 2, 3, 8, 40, 50, 51, 125, 500, 1_000]) {
  test(`${rate} a second: never more in any second, and not much less in a minute`, () => {
    const moments = closes(rate, 60);
    assert.ok(most(moments, 1_000) <= rate, `${most(moments, 1_000)} in a second`);
    const perSecond = moments.length / 60;
    assert.ok(perSecond >= rate * AIM * 0.95, `${perSecond} a second`);
  });
}

for (const rate of [0.125, 0.5, 1.5]) {
  test(`${rate} a second: less than one, or no whole number`, () => {
    const moments = closes(rate, 600);
    assert.ok(most(moments, 1_000) <= Math.ceil(rate));
    assert.ok(Math.abs(moments.length / 600 - rate * AIM) < rate * 0.1, `${moments.length / 600} a second`);
  });
}

test('late timers never make it more', () => {
  const moments = closes(40, 60, () => Math.random() * 20);
  assert.ok(most(moments, 1_000) <= 40);
});

test('a stall is not made up for', () => {
  const pace = new Pace(40, Math.random);
  let nowMs = pace.next(0);
  pace.closed(nowMs);
  nowMs += 10_000;
  const moments: number[] = [];
  for (let close = 0; close < 40; close += 1) {
    nowMs = pace.next(nowMs);
    pace.closed(nowMs);
    moments.push(nowMs);
  }
  assert.ok((moments.at(-1) ?? 0) - 10_000 > 900, 'forty took a second again');
});

test('there is no beat in it', () => {
  const moments = closes(8, 60);
  const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const spread = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(spread > mean * 0.15, `gaps of ${Math.round(mean)} ms with a spread of ${Math.round(spread)} ms`);
});

test('another rate counts from the next close on', () => {
  const pace = new Pace(40, () => 0.5);
  const first = pace.next(0);
  pace.closed(first);
  pace.rate = 1;
  const second = pace.next(first);
  assert.ok(second - first > 400 && second - first < 2_100, `${second - first} ms`);
});
