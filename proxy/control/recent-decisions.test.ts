import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRecord } from '../core/record.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { DECISIONS_KEPT, RecentDecisions } from './recent-decisions.ts';

function ring(count: number): RecentDecisions {
  const recent = new RecentDecisions(new FakeClock());
  for (let place = 0; place < count; place += 1) recent.add(emptyRecord(String(place), 'l', { address: '192.0.2.1', port: 1 }), 'p');
  return recent;
}

for (const [what, count, after, expected] of [
  ['none yet', 0, 0, { next: 0, missed: 0, ids: [] }],
  ['all there are', 3, 0, { next: 3, missed: 0, ids: ['0', '1', '2'] }],
  ['those that are new', 3, 2, { next: 3, missed: 0, ids: ['2'] }],
  ['nothing new', 3, 3, { next: 3, missed: 0, ids: [] }],
  ['those of a carrier that began anew', 2, 900, { next: 2, missed: 0, ids: ['0', '1'] }],
] as const) {
  test(`since gives ${what}`, () => {
    const { next, missed, rows } = ring(count).since(after);
    assert.deepEqual({ next, missed, ids: rows.map(({ id }) => id) }, expected);
  });
}

test('a flood costs the rows that are kept and a count of what was missed, and never more', () => {
  const count = 3 * DECISIONS_KEPT + 5;
  const { next, missed, rows } = ring(count).since(10);
  assert.deepEqual([next, missed, rows.length], [count, count - DECISIONS_KEPT - 10, DECISIONS_KEPT]);
  assert.equal(rows.at(-1)?.id, String(count - 1));
});
