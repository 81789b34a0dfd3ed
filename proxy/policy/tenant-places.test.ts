import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignPlaces, TENANT_PLACES } from './tenant-places.ts';

test('who is new gets the next place, who is known keeps its own, and who is gone too', () => {
  const first = assignPlaces(['a', 'b', 'c'], []);
  assert.deepEqual(first, ['a', 'b', 'c']);
  const second = assignPlaces(['c', 'd'], first);
  assert.deepEqual(second, ['a', 'b', 'c', 'd']);
  assert.deepEqual(assignPlaces(['b', 'd'], second), second);
});

test('with no place left those of tenants that are gone are given away, and no others', () => {
  const full = Array.from({ length: TENANT_PLACES }, (_, index) => `t${index}`);
  const kept = full.filter((id) => id !== 't7' && id !== 't9');
  const next = assignPlaces([...kept, 'new'], full);
  assert.equal(next.length, TENANT_PLACES);
  assert.deepEqual([next[7], next[9]], ['new', 't9']);
  for (const [place, id] of full.entries()) if (place !== 7) assert.equal(next[place], id);
});
