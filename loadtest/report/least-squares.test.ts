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

describe('a line through two levels', () => {
  const upper = (off: number): Point[] => [
    [20, 140 - off],
    [20, 140],
    [20, 140 + off],
  ];

  test('goes through the mean of each', () => {
    const fit = fitLevels([[10, 100]], upper(3));
    assert.ok(fit !== null && Math.abs(fit.slope - 4) < 1e-9 && Math.abs(fit.intercept - 60) < 1e-9 && fit.points === 4);
  });

  test('is as sure of its slope as the points of a level are close to each other', () => {
    const sure = fitLevels([[10, 100]], upper(1));
    const unsure = fitLevels([[10, 100]], upper(5));
    assert.ok(sure !== null && unsure !== null);
    assert.ok(Math.abs(sure.high - 4 - (4.3 * Math.sqrt(4 / 3)) / 10) < 1e-9, String(sure.high));
    assert.ok(Math.abs((unsure.high - unsure.low) / (sure.high - sure.low) - 5) < 1e-9);
  });

  test('needs three points above, one below, and two levels', () => {
    assert.equal(fitLevels([], upper(1)), null);
    assert.equal(fitLevels([[10, 100]], upper(1).slice(1)), null);
    assert.equal(fitLevels([[20, 100]], upper(1)), null);
  });
});
