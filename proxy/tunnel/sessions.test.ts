import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';

/** Sessions that know their place and nothing else. */
function filled(count: number) {
  const sessions = new Sessions(new FakeClock(), { nowMs: 0 });
  const all = Array.from({ length: count }, (_, index) => {
    const session = { place: 0, row: () => ({ id: String(index) }) };
    session.place = sessions.add(session as unknown as Session);
    return session as unknown as Session;
  });
  return { sessions, all };
}

test('pages have every session once, oldest first, also where some end between two of them', () => {
  const { sessions, all } = filled(10);
  const first = sessions.page(4, 0);
  assert.deepEqual(
    first.rows.map(({ id }) => id),
    ['0', '1', '2', '3'],
  );
  for (const gone of [0, 3, 5]) if (all[gone]) sessions.remove(all[gone]);
  const second = sessions.page(4, first.next ?? 0);
  assert.deepEqual(
    second.rows.map(({ id }) => id),
    ['4', '6', '7', '8'],
  );
  const third = sessions.page(4, second.next ?? 0);
  assert.deepEqual([third.rows.map(({ id }) => id), third.next], [['9'], null]);
});

test('a page that has the last session is the last page', () => {
  assert.equal(filled(4).sessions.page(4, 0).next, null);
  assert.deepEqual(filled(0).sessions.page(4, 0), { rows: [], next: null });
});
