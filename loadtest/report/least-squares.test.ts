import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitLevels, fitLine, type Point } from './least-squares.ts';

const line = (slope: number, noise: (index: number) => number = () => 0): Point[] =>
  Array.from({ length: 60 }, (_, index) => [index, 100 + slope * index + noise(index)]);

describe('a line through measured points', () => {
  test('has the slope and the intercept of points that lie on one', () => {
    const fit = fitLine(line(2.5));
    assert.ok(fit !== null && Math.abs(fit.slope - 2.5) < 1e-9 && Math.abs(fit.intercept - 100) < 1e-9);
    assert.ok(fit.high - fit.low < 1e-6);
  });

  test('holds the true slope within its confidence where neighbours are independent', () => {
    const fit = fitLine(line(2.5, (index) => ((index * 7_919) % 11) - 5));
    assert.ok(fit !== null && fit.low < 2.5 && 2.5 < fit.high);
  });

  test('is less sure of itself where neighbours are alike', () => {
    const sure = fitLine(line(1, (index) => (index % 2 === 0 ? 5 : -5)));
    const drifting = fitLine(line(1, (index) => (Math.floor(index / 15) % 2 === 0 ? 5 : -5)));
    assert.ok(sure !== null && drifting !== null);
    assert.ok(drifting.high - drifting.low > 3 * (sure.high - sure.low));
  });

  test('does not go through fewer than 12 points, nor through points of one x', () => {
    assert.equal(fitLine(line(1).slice(0, 11)), null);
    assert.equal(fitLine(line(1).map(([, y]) => [5, y])), null);
  });
});

describe('a line between two levels', () => {
  const lower = [100, 200, 300];
  const raised = (by: readonly number[]): number[] => lower.map((value, index) => value + (by[index] ?? 0));

  test('rises by what all parts have more', () => {
    const fit = fitLevels(lower, raised([40, 40, 40]), 10);
    assert.deepEqual(fit, { slope: 12, low: 12, high: 12, points: 3 });
  });

  test('is as sure of its slope as the parts are alike in what they have more', () => {
    const sure = fitLevels(lower, raised([39, 40, 41]), 10);
    const unsure = fitLevels(lower, raised([35, 40, 45]), 10);
    assert.ok(sure !== null && unsure !== null);
    assert.ok(Math.abs(sure.high - 12 - (4.3 * Math.sqrt(3)) / 10) < 1e-9, String(sure.high));
    assert.ok(Math.abs((unsure.high - unsure.low) / (sure.high - sure.low) - 5) < 1e-9);
  });

  test('needs three parts, the same ones at both, and two levels', () => {
    assert.equal(fitLevels([1, 2], [2, 3], 10), null);
    assert.equal(fitLevels([1, 2], [2, 3, 4], 10), null);
    assert.equal(fitLevels([1, 2, 3], [2, 3, 4], 0), null);
  });
});
