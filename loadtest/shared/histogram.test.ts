import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundsOf, bucketOf, Histogram } from './histogram.ts';

for (const [value, bucket] of [
  [0, 0],
  [-5, 0],
  [63, 63],
  [63.9, 63],
  [64, 64],
  [65, 64],
  [66, 65],
  [127, 95],
  [128, 96],
  [2 ** 31 - 1, 63 + 32 * 25],
  [2 ** 31, 64 + 32 * 25],
  [2 ** 53, bucketOf(2 ** 40)],
] as const) {
  test(`the bucket of ${value} is ${bucket}`, () => assert.equal(bucketOf(value), bucket));
}

test('every value lies in the bounds of its bucket, which are at most 1/32 of it wide', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (value) => {
      const { from, to } = boundsOf(bucketOf(value));
      assert.ok(from <= value && value < to, `${value} in ${from}..${to}`);
      assert.ok(to - from <= Math.max(1, value / 32), `${value} in ${from}..${to}`);
    }),
    { numRuns: 5_000 },
  );
});

test('buckets meet: each begins where the one before it ends', () => {
  for (let bucket = 0; bucket < 1_000; bucket++) assert.equal(boundsOf(bucket).to, boundsOf(bucket + 1).from, `bucket ${bucket}`);
});

test('a quantile is within 3 % of the value that sorting gives', () => {
  const values = fc.array(fc.integer({ min: 1, max: 2 ** 32 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(values, fc.constantFrom(0, 0.5, 0.9, 0.99, 0.999, 1), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const sorted = values.toSorted((one, other) => one - other);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
      const got = histogram.quantile(share)!;
      assert.ok(Math.abs(got - exact) <= 0.032 * exact, `${got} for ${exact}`);
    }),
  );
});

test('what several have seen, merged, is what one would have seen', () => {
  const values = fc.array(fc.integer({ min: 0, max: 2 ** 36 }));
  fc.assert(
    fc.property(values, values, (here, there) => {
      const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()];
      for (const value of here) one.add(value);
      for (const value of there) other.add(value);
      for (const value of [...here, ...there]) both.add(value);
      const merged = Histogram.of([one.sparse(), other.sparse()]);
      assert.deepEqual(merged.sparse(), both.sparse());
      assert.equal(merged.count, here.length + there.length);
    }),
  );
});

test('the sparse form has its buckets in rising order, with their counts', () => {
  const histogram = new Histogram();
  for (const value of [900, 3, 900, 1]) histogram.add(value);
  assert.deepEqual(histogram.sparse(), [1, 1, 3, 1, bucketOf(900), 2]);
});

test('one that saw nothing has no quantile, and neither has one that was cleared', () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.5), null);
  histogram.add(7);
  histogram.add(Number.NaN);
  assert.equal(histogram.count, 1);
  histogram.clear();
  assert.deepEqual([histogram.quantile(0.5), histogram.count, histogram.sparse()], [null, 0, []]);
});
