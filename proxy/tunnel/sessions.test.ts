import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndedBy } from '../core/record.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';

interface FakeSession {
  readonly record: { readonly tenant: string | null; readonly id: string };
  readonly startMs: number;
  endedBy: EndedBy | null;
  endsMs: number;
  isOver: boolean;
  isSwept: boolean;
  sweeps: number;
}

function harness() {
  const clock = new FakeClock();
  const begun = { sweeps: 0 };
  const sessions = new Sessions(clock, Math.random, () => (begun.sweeps += 1));
  const open = (startMs: number, tenant: string | null = null): FakeSession => {
    const session = {
      ...{ record: { tenant, id: `id${startMs}` }, startMs, endedBy: null as EndedBy | null, isOver: false },
      ...{ endsMs: Infinity, isSwept: false, sweeps: 0 },
      close(by: EndedBy) {
        if (session.endedBy) return false;
        session.endedBy = by;
        return true;
      },
      sweep: () => void (session.sweeps += 1),
      row: () => ({ id: String(startMs) }),
    };
    Object.assign(session, { place: sessions.add(session as unknown as Session) });
    return session;
  };
  const end = (session: FakeSession): void => {
    session.isOver = true;
    sessions.remove(session as unknown as Session);
  };
  return { sessions, open, end, clock, begun };
}

test('sessions of each tenant are closed oldest first, each told once, and count until they are gone', () => {
  const { sessions, open, end } = harness();
  const [first, second, third] = [open(1, 'a'), open(2, 'a'), open(3, 'a')];
  const other = open(4, 'b');
  assert.equal(sessions.closeOldest('a', 2, 'drain'), 2);
  assert.deepEqual(
    [first, second, third, other].map(({ endedBy }) => endedBy),
    ['drain', 'drain', null, null],
  );
  assert.equal(sessions.tunnels(), 4);
  assert.deepEqual(sessions.groups(), [
    { tenant: 'a', tunnels: 1, oldestMs: 3 },
    { tenant: 'b', tunnels: 1, oldestMs: 4 },
  ]);
  end(first);
  end(first);
  assert.equal(sessions.tunnels(), 3);
  assert.equal(sessions.closeOldest('a', 10, 'drain'), 1);
  assert.equal(sessions.closeOldest('nobody', 10, 'drain'), 0);
  end(third);
  end(second);
  end(other);
  assert.deepEqual([sessions.tunnels(), sessions.groups()], [0, []]);
});

test('one that is on its way already does not count, and is not tried again', () => {
  const { sessions, open } = harness();
  const [first, second] = [open(1), open(2)];
  first.endedBy = 'age';
  assert.equal(sessions.closeOldest('', 1, 'drain'), 1);
  assert.equal(second.endedBy, 'drain');
  assert.deepEqual(sessions.groups(), []);
});

test('those with an id are closed wherever they are, and no others', () => {
  const { sessions, open } = harness();
  const [first, second, third] = [open(1, 'a'), open(2, 'b'), open(3, 'b')];
  assert.deepEqual(sessions.closeIds(new Set(['id3', 'id1', 'nobody']), 'operator'), { closed: ['id1', 'id3'], onTheWay: [] });
  assert.deepEqual(
    [first, second, third].map(({ endedBy }) => endedBy),
    ['operator', null, 'operator'],
  );
  // Told already, and no candidate of anybody's any more.
  assert.deepEqual(sessions.closeIds(new Set(['id1', 'nobody']), 'operator'), { closed: [], onTheWay: ['id1'] });
  assert.deepEqual(sessions.groups(), [{ tenant: 'b', tunnels: 1, oldestMs: 2 }]);
});

test('to close some takes from each tenant by its share', () => {
  const { sessions, open } = harness();
  const all = Array.from({ length: 1_000 }, (_, index) => open(index, index % 4 === 0 ? 'a' : 'b'));
  assert.equal(sessions.closeSome(400, 'drain'), 400);
  const ofA = all.filter(({ record, endedBy }) => record.tenant === 'a' && endedBy).length;
  assert.ok(ofA > 60 && ofA < 140, `${ofA} of 400 were of the tenant that has a quarter`);
  assert.equal(sessions.closeSome(Infinity, 'drain'), 600);
  assert.equal(sessions.closeSome(1, 'drain'), 0);
});

test('all of them are those that nobody has told to leave, oldest first over all tenants; who comes later or goes meanwhile is left out', () => {
  const { sessions, open, end } = harness();
  open(1, 'b');
  const [second, third, fourth] = [open(2, 'a'), open(3, 'b'), open(4, 'a')];
  sessions.closeOldest('b', 1, 'drain');
  const all = sessions.all();
  open(5, 'a');
  assert.equal(all.next().value, second);
  end(third);
  assert.equal(all.next().value, fourth);
  assert.equal(all.next().done, true);
});

test('pages have those that are closing too, oldest first', () => {
  const { sessions, open } = harness();
  for (const [startMs, tenant] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'a'],
    [4, 'b'],
  ] as const)
    open(startMs, tenant);
  sessions.closeOldest('b', 1, 'drain');
  assert.deepEqual(
    sessions.page(3, 0).rows.map(({ id }) => id),
    ['1', '2', '3'],
  );
  assert.equal(sessions.page(10, 0).rows.length, 4);
});

test('those that ask for it are swept while they are there, also when they are leaving', () => {
  const { sessions, open, end, begun } = harness();
  const [stays, leaves, ends, sweepsItself] = [open(1, 'a'), open(2, 'b'), open(3, 'a'), open(4, 'b')];
  assert.equal(sessions.areSwept, false);
  for (const session of [stays, leaves, ends]) session.isSwept = true;
  for (const session of [stays, leaves, ends, sweepsItself]) sessions.watch(session as unknown as Session);
  sessions.closeOldest('b', 1, 'drain');
  sessions.sweep();
  end(ends);
  sessions.sweep();
  assert.deepEqual(
    [stays, leaves, ends, sweepsItself].map(({ sweeps }) => sweeps),
    [2, 2, 1, 0],
  );
  assert.equal(sessions.areSwept, true);
  for (const session of [stays, leaves]) end(session);
  assert.equal(sessions.areSwept, false);
  assert.equal(begun.sweeps, 1, 'with the first of them');
  sessions.watch(stays as unknown as Session);
  assert.equal(begun.sweeps, 2, 'and with the first that comes when there was none');
});

test('one that is as old as it may be is closed, and one that has ended before is not', () => {
  const { sessions, open, end, clock } = harness();
  const [old, young, gone] = [open(1, 'a'), open(2, 'a'), open(3, 'a')];
  Object.assign(old, { endsMs: clock.nowMs() + 5_000 });
  Object.assign(young, { endsMs: clock.nowMs() + 60_000 });
  Object.assign(gone, { endsMs: clock.nowMs() + 5_000 });
  for (const session of [old, young, gone]) sessions.watch(session as unknown as Session);
  end(gone);
  clock.advance(6_000);
  sessions.sweep();
  assert.deepEqual(
    [old, young, gone].map(({ endedBy }) => endedBy),
    ['age', null, null],
  );
});

/** Sessions that know their place and nothing else. */
function filled(count: number, clock = new FakeClock()) {
  const sessions = new Sessions(clock, Math.random);
  const all = Array.from({ length: count }, (_, index) => {
    const record = { id: String(index), tenant: index % 2 === 0 ? 'a' : 'b' };
    const session = { place: 0, isOver: false, record, row: () => ({ id: String(index) }) };
    session.place = sessions.add(session as unknown as Session);
    return session as unknown as Session & { isOver: boolean };
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
  for (const gone of [0, 3, 5].map((place) => all[place]!)) sessions.remove(Object.assign(gone, { isOver: true }));
  const second = sessions.page(4, first.next ?? 0);
  assert.deepEqual(
    second.rows.map(({ id }) => id),
    ['4', '6', '7'],
  );
  const third = sessions.page(4, second.next ?? 0);
  assert.deepEqual([third.rows.map(({ id }) => id), third.next], [['8', '9'], null]);
});

test('whoever pages on is not held up by somebody who begins anew, and an order that nobody uses is let go', () => {
  const clock = new FakeClock();
  const { sessions } = filled(10, clock);
  const { next } = sessions.page(4, 0);
  assert.equal(sessions.page(10, 0).next, null);
  assert.deepEqual(
    sessions.page(4, next ?? 0).rows.map(({ id }) => id),
    ['4', '5', '6', '7'],
  );
  // An order that is kept does not know the eleventh; one that is made anew does.
  const late = { place: 0, isOver: false, record: { id: '10', tenant: 'a' }, row: () => ({ id: '10' }) };
  late.place = sessions.add(late as unknown as Session);
  clock.advance(1_000);
  assert.equal(sessions.page(4, 8).rows.length, 2);
  sessions.page(4, 0);
  clock.advance(3_000);
  sessions.sweep();
  assert.equal(sessions.page(4, 8).rows.length, 3);
});

test('one is found and closed by its id, once, and counts until it is gone', () => {
  const { sessions, all } = filled(3);
  const told: string[] = [];
  const close = (by: string): boolean => told.push(by) === 1;
  Object.assign(all[1]!, { close, detail: () => ({ id: '1', record: all[1]!.record }) });
  assert.equal(sessions.find('1')?.record.tenant, 'b');
  assert.equal(sessions.find('nobody'), null);
  assert.deepEqual(sessions.closeIds(new Set(['1']), 'operator'), { closed: ['1'], onTheWay: [] });
  assert.deepEqual(sessions.closeIds(new Set(['1']), 'operator'), { closed: [], onTheWay: ['1'] });
  assert.deepEqual([told[0], sessions.tunnels()], ['operator', 3]);
  assert.deepEqual(
    sessions.groups().map(({ tenant, tunnels }) => `${tenant} ${tunnels}`),
    ['a 2'],
  );
});

test('a page that has the last session is the last page', () => {
  assert.equal(filled(4).sessions.page(4, 0).next, null);
  assert.deepEqual(filled(0).sessions.page(4, 0), { rows: [], next: null });
});
