import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TunnelRow } from '../core/ports.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { BUSY_GROUPS_MAX, BUSY_ROWS_MAX, type Busiest, type BusyOrder, BusyWatch } from './busiest.ts';

interface Fake {
  readonly startMs: number;
  isOver: boolean;
  readonly record: { tenant: string | null; client_ip: string; target_host: string | null; target_port: number | null };
  bytes: number;
  row(): TunnelRow;
}

function harness(count: number) {
  const clock = new FakeClock();
  let looks = 0;
  const sessions = Array.from({ length: count }, (_, id): Fake => ({
    ...{ startMs: id, isOver: false, bytes: 0 },
    record: { tenant: id % 2 === 0 ? 'even' : 'odd', client_ip: `192.0.2.${id % 10}`, target_host: 'x', target_port: 443 },
    row: () => ({ id: String(id) }) as TunnelRow,
  }));
  const watch = new BusyWatch({ open: () => ((looks += 1), sessions.slice()) }, clock);
  /** Lets what waits for a turn of the loop go on. */
  const ask = async (by: BusyOrder = 'rate', limit = 3): Promise<Busiest> => {
    const asked = watch.busiest(by, limit);
    for (let turn = 0; turn < 20; turn += 1) {
      clock.advance(0);
      await Promise.resolve();
    }
    return asked;
  };
  return { clock, sessions, ask, looks: () => looks };
}

const idsOf = ({ rows }: Busiest): string[] => rows.map(({ id }) => id);

test('the first look knows no rates, the next what has moved since', async () => {
  const { clock, sessions, ask } = harness(10);
  for (const [id, session] of sessions.entries()) session.bytes = id * 1_000;
  const first = await ask();
  assert.deepEqual([first.overMs, first.rows.map(({ bytesPerS }) => bytesPerS)], [null, [0, 0, 0]]);
  clock.advance(2_000);
  for (const id of [3, 7]) (sessions[id] as Fake).bytes += id * 100;
  const { overMs, rows } = await ask();
  assert.equal(overMs, 2_000);
  assert.deepEqual(
    rows.slice(0, 2).map(({ id, bytesPerS }) => [id, bytesPerS]),
    [
      ['7', 350],
      ['3', 150],
    ],
  );
});

test('by bytes, by age, and by no more than was asked for', async () => {
  const { sessions, ask } = harness(300);
  for (const [id, session] of sessions.entries()) session.bytes = (id * 7) % 300;
  assert.deepEqual(idsOf(await ask('bytes')), ['257', '214', '171']);
  assert.deepEqual(idsOf(await ask('age')), ['0', '1', '2']);
  assert.equal((await ask('age', 10_000)).rows.length, BUSY_ROWS_MAX);
});

test('tenants, targets and sources are sums of all, not of what is shown', async () => {
  const { sessions, ask } = harness(10);
  for (const session of sessions) session.bytes = 10;
  const { tenants, targets, sources } = await ask('rate', 1);
  const sum = { bytesPerS: 0, tunnels: 5, bytes: 50 };
  assert.deepEqual(tenants, [
    { name: 'even', ...sum },
    { name: 'odd', ...sum },
  ]);
  assert.deepEqual(targets, [{ name: 'x:443', bytesPerS: 0, tunnels: 10, bytes: 100 }]);
  assert.equal(sources.length, 10);
});

test('however many ask within a second, one look is taken', async () => {
  const { clock, ask, looks } = harness(5);
  await ask();
  clock.advance(900);
  await ask('bytes');
  assert.equal(looks(), 1);
  clock.advance(200);
  await ask();
  assert.equal(looks(), 2);
});

test('one that has ended since the look is left out, and one that is new counts from its beginning', async () => {
  const { clock, sessions, ask } = harness(3);
  await ask();
  clock.advance(1_000);
  sessions.push({ ...(sessions[0] as Fake), startMs: 9, bytes: 500, row: () => ({ id: 'new' }) as TunnelRow });
  (sessions[1] as Fake).isOver = true;
  const { rows } = await ask('rate', 10);
  assert.deepEqual(rows[0]?.bytesPerS, 500);
  assert.deepEqual(rows.map(({ id }) => id).toSorted(), ['0', '2', 'new']);
});

test('groups are bounded', async () => {
  const { sessions, ask } = harness(BUSY_GROUPS_MAX + 10);
  for (const [id, { record }] of sessions.entries()) record.client_ip = String(id);
  assert.equal((await ask()).sources.length, BUSY_GROUPS_MAX);
});
