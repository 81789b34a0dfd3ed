import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ages } from './ages.ts';

const at = (endsMs: number) => ({ endsMs });

test('one is due once, not before its time, and no later than a second after it', () => {
  const ages = new Ages(10_000);
  const [early, late] = [at(12_001), at(13_000)];
  ages.add(late);
  ages.add(early);
  assert.deepEqual(ages.due(12_999), []);
  assert.deepEqual(ages.due(13_000), [late, early]);
  assert.deepEqual(ages.due(60_000), []);
});

test('a look that comes late finds what every second before it would have', () => {
  const ages = new Ages(0);
  const all = [at(1_000), at(2_000), at(7_500)];
  for (const one of all) ages.add(one);
  assert.deepEqual(ages.due(9_000), all);
});

test('one that is too old already is due at the next look', () => {
  const ages = new Ages(0);
  ages.due(50_000);
  const old = at(3_000);
  ages.add(old);
  assert.deepEqual(ages.due(50_400), []);
  assert.deepEqual(ages.due(51_000), [old]);
});

test('one that has gone is not due, and one without an end never is', () => {
  const ages = new Ages(0);
  const [gone, stays, ageless] = [at(2_000), at(2_000), at(Infinity)];
  for (const one of [gone, stays, ageless]) ages.add(one);
  ages.delete(gone);
  ages.delete(ageless);
  assert.deepEqual(ages.due(5_000), [stays]);
});
