import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionView } from '../core/ports.ts';
import type { EndedBy } from '../core/record.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { drainTunnels } from './drain.ts';

interface Harness {
  readonly clock: FakeClock;
  /** Moments at which a tunnel was told to close, from the start of the drain. */
  readonly closedAtMs: number[];
  readonly endedBy: Set<EndedBy>;
  /** Tunnels that are told to close but take their time. */
  isSlow: boolean;
  open: number;
  isDone: boolean;
  readonly done: Promise<void>;
}

function drain(open: number, options: { rate: number; deadlineMs: number }): Harness {
  const clock = new FakeClock();
  const startMs = clock.nowMs();
  let told = 0;
  const harness = { clock, closedAtMs: [] as number[], endedBy: new Set<EndedBy>(), isSlow: false, open, isDone: false };
  const sessions: SessionView = {
    tunnels: () => harness.open,
    pending: () => 0,
    page: () => ({ rows: [], next: null }),
    find: () => null,
    groups: () => [],
    open: () => [],
    closeIds: () => ({ closed: [], onTheWay: [] }),
    closeOldest: () => 0,
    closeSome(count, by) {
      const some = Math.min(count, open - told);
      told += some;
      for (let one = 0; one < some; one += 1) harness.closedAtMs.push(clock.nowMs() - startMs);
      if (some > 0) harness.endedBy.add(by);
      if (!harness.isSlow) harness.open -= some;
      return some;
    },
  };
  const done = drainTunnels({ clock, sessions, endedBy: 'drain', ...options }).then(() => {
    harness.isDone = true;
  });
  return Object.assign(harness, { done });
}

/** Lets what was promised happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a node without tunnels is drained at once, without a tick of the clock', async () => {
  const { done } = drain(0, { rate: 8, deadlineMs: 30_000 });
  await done;
});

test('tunnels close at the rate, evenly, and the drain ends with the last of them', async () => {
  const harness = drain(40, { rate: 8, deadlineMs: 3_600_000 });
  harness.clock.advance(1_000);
  assert.equal(harness.closedAtMs.length, 8);
  harness.clock.advance(3_900);
  await turn();
  assert.equal(harness.isDone, false);
  harness.clock.advance(200);
  await harness.done;
  assert.equal(harness.open, 0);
  const perSecond = Map.groupBy(harness.closedAtMs, (atMs) => Math.floor((atMs - 1) / 1_000));
  for (const [second, closed] of perSecond) assert.ok(closed.length <= 9, `${closed.length} in second ${second}`);
});

test('where the deadline asks for more than the rate, the pace is raised, and is through by four fifths of it', async () => {
  const harness = drain(5_000, { rate: 8, deadlineMs: 30_000 });
  harness.clock.advance(12_000);
  assert.ok(Math.abs(harness.closedAtMs.length - 2_500) <= 30, `${harness.closedAtMs.length} at half of the pace`);
  harness.clock.advance(12_100);
  await harness.done;
  assert.equal(harness.open, 0);
});

test('at the deadline everything that is left is told to close, and is waited for half a second more', async () => {
  const harness = drain(10, { rate: 0.001, deadlineMs: 10_000 });
  harness.isSlow = true;
  harness.clock.advance(9_900);
  await turn();
  assert.equal(harness.isDone, false);
  harness.clock.advance(100);
  await turn();
  assert.equal(harness.closedAtMs.length, 10);
  assert.equal(harness.isDone, false);
  harness.clock.advance(500);
  await harness.done;
});

test('tunnels that are slow to close are told once, and waited for until the deadline', async () => {
  const harness = drain(8, { rate: 8, deadlineMs: 60_000 });
  harness.isSlow = true;
  harness.clock.advance(5_000);
  assert.equal(harness.closedAtMs.length, 8);
  await turn();
  assert.equal(harness.isDone, false);
  harness.open = 0;
  harness.clock.advance(100);
  await harness.done;
});

test('tunnels that end by themselves end the drain early', async () => {
  const harness = drain(100, { rate: 8, deadlineMs: 3_600_000 });
  harness.clock.advance(500);
  harness.open = 0;
  harness.clock.advance(100);
  await harness.done;
  assert.ok(harness.closedAtMs.length < 10);
});

test('a deadline of nothing closes everything at the first tick', async () => {
  const harness = drain(1_000, { rate: 8, deadlineMs: 0 });
  harness.clock.advance(100);
  await harness.done;
  assert.equal(harness.open, 0);
});

test('the record says that a drain ended them', async () => {
  const harness = drain(3, { rate: 8, deadlineMs: 1_000 });
  harness.clock.advance(1_000);
  await harness.done;
  assert.deepEqual([...harness.endedBy], ['drain']);
});
