import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenSession } from './core/ports.ts';
import type { EndedBy } from './core/record.ts';
import { GROUPS_MAX, Revocation, type RevocationDeps } from './revocation.ts';
import { FakeClock } from './test/support/fake-clock.ts';

interface Held extends OpenSession {
  isOver: boolean;
  readonly id: number;
  endedBy: EndedBy | null;
  endedMs: number;
}

function harness(count: number, changes: Partial<RevocationDeps> = {}) {
  const clock = new FakeClock();
  const found: number[] = [];
  const sessions = Array.from({ length: count }, (_, id): Held => {
    const session: Held = {
      id,
      // Every other one is older than the one before.
      startMs: id % 2 === 0 ? id : -id,
      isOver: false,
      endedBy: null,
      endedMs: 0,
      proof: null,
      record: { door: 'connect', tenant: id % 3 === 0 ? 'gone' : 'kept', client_ip: '192.0.2.1', target_host: 'x', target_port: 443 },
      close(by) {
        session.isOver = true;
        session.endedBy = by;
        session.endedMs = clock.nowMs();
        return true;
      },
    };
    return session;
  });
  const state = { rate: 10 as number | null, isHeld: false, allowed: new Set(['kept']) };
  const revocation = new Revocation({
    clock,
    random: () => 0.5,
    sessions: () => sessions.filter(({ isOver }) => !isOver),
    whyRevoked: ({ record }) => (state.allowed.has(record.tenant ?? '') ? null : 'tenant-gone'),
    rate: () => state.rate,
    isHeld: () => state.isHeld,
    found: (tunnels) => found.push(tunnels),
    ...changes,
  });
  /** Lets what waits for a turn of the loop go on too. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      clock.advance(50);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
  };
  const ended = (): Held[] => sessions.filter(({ isOver }) => isOver);
  return { revocation, sessions, state, found, pass, ended };
}

test('tunnels that would not be let in are closed at the pace, the oldest first, and no others', async () => {
  const { revocation, pass, ended, found } = harness(90);
  revocation.changed();
  await pass(2_000);
  assert.deepEqual(found, [30]);
  const first = ended();
  assert.ok(first.length >= 15 && first.length <= 20, `${first.length} in 2 s at 10 a second`);
  const inOrder = first.toSorted((a, b) => a.endedMs - b.endedMs).map(({ startMs }) => startMs);
  assert.deepEqual(
    inOrder,
    inOrder.toSorted((a, b) => a - b),
  );
  await pass(3_000);
  assert.equal(ended().length, 30);
  assert.ok(ended().every(({ record, endedBy }) => record.tenant === 'gone' && endedBy === 'policy'));
});

test('never more than the rate in a second', async () => {
  const { revocation, pass, ended } = harness(300);
  revocation.changed();
  await pass(12_000);
  const times = ended().map(({ endedMs }) => endedMs);
  assert.equal(times.length, 100);
  for (const from of times) assert.ok(times.filter((at) => at >= from && at < from + 1_000).length <= 10);
});

test('who is let in again by the next change is spared', async () => {
  const { revocation, state, pass, ended } = harness(90);
  revocation.changed();
  await pass(1_000);
  const before = ended().length;
  state.allowed.add('gone');
  revocation.changed();
  await pass(30_000);
  assert.equal(ended().length, before);
});

test('kept where the policy says so', async () => {
  const { revocation, state, pass, ended, found } = harness(30);
  state.rate = null;
  revocation.changed();
  await pass(30_000);
  assert.deepEqual([ended().length, found], [0, []]);
});

test('while somebody drains the node nothing is closed twice as fast', async () => {
  const { revocation, state, pass, ended } = harness(30);
  state.isHeld = true;
  revocation.changed();
  await pass(5_000);
  assert.equal(ended().length, 0);
  state.isHeld = false;
  await pass(5_000);
  assert.equal(ended().length, 10);
});

test('what was being opened while the configuration was taken is found a little later', async () => {
  const late: Held[] = [];
  const all = harness(3);
  const { revocation, pass } = harness(0, { sessions: () => late });
  revocation.changed();
  await pass(1_000);
  late.push(...all.sessions);
  await pass(25_000);
  assert.deepEqual(
    late.filter(({ isOver }) => isOver).map(({ id }) => id),
    [0],
  );
});

test('a survey says which and why, by another configuration, and closes nothing', async () => {
  const { revocation, pass, ended } = harness(90);
  const surveyed = revocation.survey(({ record }) => (record.tenant === 'kept' ? 'token-gone' : null));
  await pass(100);
  const group = { reason: 'token-gone', tenant: 'kept', target: 'x:443', tunnels: 60 };
  assert.deepEqual(await surveyed, { tunnels: 90, revoked: 60, groups: [group] });
  await pass(10_000);
  assert.equal(ended().length, 0);
});

test('a survey of many groups has the largest, and the sum of all', async () => {
  const { revocation, sessions, pass } = harness(GROUPS_MAX + 50);
  for (const session of sessions) Object.assign(session.record, { tenant: `t${Math.max(session.id, 10)}` });
  const surveyed = revocation.survey(() => 'tenant-gone');
  await pass(100);
  const { revoked, groups } = await surveyed;
  assert.deepEqual([revoked, groups.length], [GROUPS_MAX + 50, GROUPS_MAX]);
  assert.deepEqual(groups[0], { reason: 'tenant-gone', tenant: 't10', target: 'x:443', tunnels: 11 });
});

test('a survey beside tunnels that are being closed leaves their closing as it is', async () => {
  const { revocation, pass, ended } = harness(90);
  revocation.changed();
  await pass(500);
  void revocation.survey(() => null);
  await pass(10_000);
  assert.equal(ended().length, 30);
});
