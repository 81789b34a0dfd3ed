import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { CarrierSlot, SharedSockets, UNSERVED_MS } from './carrier-slot.ts';
import { START_MS } from './keeper.ts';
import { BindFailure } from './listen-sockets.ts';
import type { SlotSockets } from './listen-sockets.ts';

class FakeChild extends EventEmitter {
  readonly pid = 1;
  readonly connected = true;

  kill(): void {
    queueMicrotask(() => this.emit('exit', null, 'SIGKILL'));
  }
}

function harness() {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const lines: string[] = [];
  /** Descriptors of the sockets that each carrier was given, and which sockets are closed. */
  const given: number[] = [];
  const closed: number[] = [];
  const causes: (string | null)[] = [];
  let bound = 0;
  const state = { bindFails: false, isServing: true };
  const sockets = new SharedSockets(() => {
    if (state.bindFails) throw new BindFailure('cannot listen');
    bound += 1;
    const id = bound;
    return { fds: () => [id], close: () => closed.push(id) } as unknown as SlotSockets;
  });
  const slot = new CarrierSlot({
    slot: 0,
    row: 0,
    clock,
    firstStartMs: START_MS,
    log: {
      write: (_level, event, fields) => lines.push(`${event} ${fields?.['why'] as string}`),
      prepare: () => ({ take() {}, drop() {} }),
      reopen() {},
      flush: () => Promise.resolve(),
    },
    sockets,
    isServing: () => state.isServing,
    spawn(fds) {
      given.push(...fds);
      const child = new FakeChild();
      children.push(child);
      return child as unknown as ChildProcess;
    },
    warm() {},
    stirred() {},
    ready() {},
    answered() {},
    surveyed() {},
    died: ({ cause }) => causes.push(cause),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      children.at(-1)?.emit('message', { type: 'beat' });
      slot.watch(false);
      await Promise.resolve();
    }
  };
  const say = (type: string): void => void children.at(-1)?.emit('message', { type });
  const die = (): void => void children.at(-1)?.emit('exit', 1, null);
  sockets.fds();
  slot.keeper.start();
  return { clock, slot, lines, given, closed, causes, state, pass, say, die };
}

test('the next carrier is given the same sockets, with what is queued on them', () => {
  const { clock, given, closed, say, die } = harness();
  say('ready');
  die();
  clock.advance(0);
  assert.deepEqual(given, [1, 1]);
  assert.deepEqual(closed, []);
});

test('sockets of a slot that nobody has served for three seconds are closed, and the carrier that holds them too', async () => {
  const { given, closed, causes, lines, pass, say, die } = harness();
  say('ready');
  die();
  await pass(UNSERVED_MS - 250);
  assert.deepEqual(closed, []);
  await pass(500);
  assert.deepEqual(closed, [1]);
  assert.deepEqual(causes, [null, 'too-slow']);
  assert.deepEqual(lines, ['slot-closed unserved']);
  await pass(500);
  assert.deepEqual(given, [1, 1, 2]);
});

test('a first carrier that is slow to start keeps its sockets: nobody waits in their queue', async () => {
  const { closed, causes, pass, say, slot } = harness();
  await pass(9_000);
  say('ready');
  assert.equal(slot.keeper.state, 'ready');
  assert.deepEqual(closed, []);
  assert.deepEqual(causes, []);
});

test('a carrier on fresh sockets has its whole time to start', async () => {
  const { given, causes, pass, say, die } = harness();
  say('ready');
  die();
  await pass(UNSERVED_MS + 1_000);
  assert.deepEqual(given, [1, 1, 2]);
  await pass(8_000);
  assert.deepEqual(causes, [null, 'too-slow']);
});

test('carriers that die one after the other before they are ready get fresh sockets once three seconds are over', async () => {
  const { clock, given, causes, pass, die } = harness();
  await pass(4_000);
  die();
  clock.advance(0);
  assert.deepEqual(given, [1, 2]);
  assert.deepEqual(causes, [null]);
});

test('a full carrier lives on without sockets; the next one is given fresh ones', async () => {
  const { clock, slot, given, closed, lines, pass, say, die } = harness();
  say('ready');
  say('full');
  assert.deepEqual(closed, [1]);
  assert.deepEqual(lines, ['slot-closed full']);
  await pass(10_000);
  assert.equal(slot.keeper.state, 'full');
  say('room');
  assert.equal(slot.keeper.state, 'ready');
  die();
  clock.advance(0);
  assert.deepEqual(given, [1, 2]);
});

test('a slot that cannot be bound anew is tried again until it can', async () => {
  const { slot, state, given, causes, pass, say, die } = harness();
  say('ready');
  say('full');
  state.bindFails = true;
  die();
  await pass(5_000);
  assert.equal(slot.keeper.state, 'down');
  assert.ok(causes.length > 3 && causes.slice(1).every((cause) => cause === 'launch-failed'), JSON.stringify(causes));
  state.bindFails = false;
  await pass(1_250);
  assert.deepEqual(given, [1, 2]);
});

test("a carrier beside the one that serves closes nothing when it dies, however late: the sockets are the other one's", async () => {
  const { state, closed, given, lines, pass, die, clock } = harness();
  state.isServing = false;
  await pass(8_000);
  die();
  clock.advance(0);
  assert.deepEqual([closed, lines, given], [[], [], [1, 1]]);
});
