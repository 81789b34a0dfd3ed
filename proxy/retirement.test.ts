import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MoveView, StayReason } from './core/move.ts';
import { Retirement, type RetirementDeps } from './retirement.ts';
import { FakeClock } from './test/support/fake-clock.ts';

/** `movable` tunnels go at the next move, unless they are closed before; `bound` ones go only when they are closed. */
function harness(holds: { movable: number; bound: number; pending?: number }, changes: Partial<RetirementDeps> = {}) {
  const clock = new FakeClock();
  const state = { pending: 0, ...holds, isDrained: false, isSlow: false, stays: 'bound' as StayReason };
  const closedAtMs: number[] = [];
  const moves: number[] = [];
  let view: MoveView | null = null;
  const retirement = new Retirement({
    clock,
    random: () => 0.5,
    sessions: {
      tunnels: () => state.movable + state.bound,
      pending: () => state.pending,
      closeSome(count) {
        const closed = Math.min(count, state.bound);
        state.bound -= closed;
        const lost = Math.min(count - closed, state.movable);
        state.movable -= lost;
        for (let one = 0; one < closed + lost; one += 1) closedAtMs.push(clock.nowMs());
        return closed + lost;
      },
    },
    mover: {
      start(to) {
        moves.push(to);
        view = { to, isOver: false, moved: 0, onTheWay: 0, stayed: {} };
        return view;
      },
      view: () => view,
    },
    isDrained: () => state.isDrained,
    ...changes,
  });
  let isOver = false;
  void retirement.over.then(() => (isOver = true));
  return {
    clock,
    state,
    moves,
    closedAtMs,
    retirement,
    isOver: () => isOver,
    /** Time goes on, and a move that is under way takes what it can. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        if (view && !view.isOver && !state.isSlow) {
          view = { ...view, isOver: true, moved: state.movable, stayed: { [state.stays]: state.bound } };
          state.movable = 0;
        }
        await Promise.resolve();
      }
    },
  };
}

const TOLD = { type: 'retire', heir: 2, rate: 10, deadlineMs: 60_000 } as const;

test('a carrier without tunnels is over at once', async () => {
  const { retirement, pass, isOver } = harness({ movable: 0, bound: 0 });
  retirement.take(TOLD);
  await pass(50);
  assert.equal(isOver(), true);
});

test('what can be moved is moved, and then it is over', async () => {
  const { retirement, pass, isOver, moves, closedAtMs } = harness({ movable: 500, bound: 0 });
  retirement.take(TOLD);
  await pass(300);
  assert.deepEqual([isOver(), moves, closedAtMs], [true, [2], []]);
});

test('what was being opened follows a second later, and is not closed before', async () => {
  const { retirement, pass, state, isOver, moves, closedAtMs } = harness({ movable: 3, bound: 0, pending: 1 });
  retirement.take(TOLD);
  await pass(300);
  assert.equal(isOver(), false);
  state.pending = 0;
  state.movable = 1;
  await pass(600);
  state.isSlow = true;
  await pass(1_000);
  assert.deepEqual([isOver(), moves], [false, [2, 2]], 'the second move is under way');
  state.isSlow = false;
  await pass(200);
  assert.deepEqual([isOver(), moves, closedAtMs], [true, [2, 2], []]);
});

test('nothing is closed before the first move has looked at everything', async () => {
  const { retirement, pass, state, closedAtMs } = harness({ movable: 5, bound: 5 });
  state.isSlow = true;
  retirement.take(TOLD);
  await pass(5_000);
  assert.equal(closedAtMs.length, 0);
  state.isSlow = false;
  await pass(5_000);
  assert.ok(closedAtMs.length > 0);
});

test('what stays is closed at the rate, never faster, and is over with the last', async () => {
  const { retirement, pass, closedAtMs, isOver } = harness({ movable: 0, bound: 100 });
  retirement.take(TOLD);
  await pass(20_000);
  assert.deepEqual([closedAtMs.length, isOver()], [100, true]);
  for (const [index, atMs] of closedAtMs.entries()) {
    const within = closedAtMs.slice(index).filter((other) => other < atMs + 1_000).length;
    assert.ok(within <= 10, `${within} in the second from ${atMs}`);
  }
});

test('a deadline that the rate does not meet is met by a higher one', async () => {
  const { retirement, pass, state } = harness({ movable: 0, bound: 300 });
  retirement.take({ ...TOLD, rate: 1, deadlineMs: 10_000 });
  await pass(9_000);
  assert.ok(state.bound < 60, `${state.bound} left`);
  await pass(1_200);
  assert.equal(state.bound, 0);
});

test('a drain of the node keeps the pace for everybody', async () => {
  const { retirement, pass, state, closedAtMs } = harness({ movable: 0, bound: 10 });
  state.isDrained = true;
  retirement.take(TOLD);
  await pass(10_000);
  assert.equal(closedAtMs.length, 0);
  state.isDrained = false;
  await pass(5_000);
  assert.equal(closedAtMs.length, 10);
});

test('what can never move is looked at once, and not every second for as long as it is held', async () => {
  const { retirement, pass, moves } = harness({ movable: 1, bound: 10 });
  retirement.take({ ...TOLD, rate: 0.001 });
  await pass(30_000);
  assert.deepEqual(moves, [2]);
});

test('another heir is given what the first one did not take', async () => {
  const { retirement, pass, state, moves } = harness({ movable: 0, bound: 10 });
  retirement.take({ ...TOLD, rate: 0.001 });
  await pass(1_500);
  state.movable = 7;
  retirement.take({ ...TOLD, rate: 0.001, heir: 3 });
  await pass(2_000);
  assert.equal(state.movable, 0);
  assert.ok(moves.includes(3));
});

test('when the node stops, nothing is moved or closed any more', async () => {
  const { retirement, pass, state, moves, closedAtMs } = harness({ movable: 3, bound: 3 });
  state.isSlow = true;
  retirement.take(TOLD);
  retirement.stop();
  await pass(3_000);
  assert.deepEqual([moves, closedAtMs], [[2], []]);
});

test('tunnels are not closed because their heir is away for a moment', async () => {
  const { retirement, pass, state, closedAtMs, isOver } = harness({ movable: 0, bound: 20 });
  state.stays = 'no-receiver';
  retirement.take(TOLD);
  await pass(10_000);
  assert.deepEqual([closedAtMs.length, state.bound], [0, 20]);
  // It does not come back.
  await pass(25_000);
  assert.ok(closedAtMs.length > 0);
  assert.equal(isOver(), true);
});

test('a drain that is paused puts the deadline off', async () => {
  const { retirement, pass, state, closedAtMs } = harness({ movable: 0, bound: 500 });
  state.isDrained = true;
  retirement.take({ ...TOLD, rate: 1, deadlineMs: 10_000 });
  await pass(60_000);
  assert.equal(closedAtMs.length, 0);
  state.isDrained = false;
  await pass(5_000);
  assert.ok(state.bound > 100, `${state.bound} left: no storm`);
  await pass(6_000);
  assert.equal(state.bound, 0);
});
