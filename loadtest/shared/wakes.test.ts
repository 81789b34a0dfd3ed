import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Wakes } from './wakes.ts';

test('whoever is due comes out in the order of moments, and nobody too early', () => {
  const moments = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 300 });
  fc.assert(
    fc.property(moments, fc.integer({ min: 0, max: 1_000 }), (moments, nowMs) => {
      const wakes = new Wakes<number>();
      for (const [who, atMs] of moments.entries()) wakes.add({ atMs, who });
      const taken: number[] = [];
      for (let wake = wakes.take(nowMs); wake !== undefined; wake = wakes.take(nowMs)) taken.push(wake.atMs);
      const sorted = moments.toSorted((one, other) => one - other);
      assert.deepEqual(
        taken,
        sorted.filter((atMs) => atMs <= nowMs),
      );
      assert.equal(
        wakes.first?.atMs,
        sorted.find((atMs) => atMs > nowMs),
      );
    }),
  );
});

test('it holds together while some are taken and others come', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 100 })), { maxLength: 200 }), (steps) => {
      const wakes = new Wakes<null>();
      const model: number[] = [];
      for (const [isTake, atMs] of steps) {
        if (isTake) assert.equal(wakes.take(Infinity)?.atMs, model.shift());
        else {
          wakes.add({ atMs, who: null });
          model.push(atMs);
          model.sort((one, other) => one - other);
        }
      }
    }),
  );
});
