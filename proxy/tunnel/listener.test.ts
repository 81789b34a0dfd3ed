import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataPlane } from './plane.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { testSettings } from '../test/support/settings.ts';
import type { AcceptEvents, Acceptor } from './acceptor.ts';
import { Listeners } from './listener.ts';

interface Joined {
  readonly done: (close: () => void) => void;
  readonly fail: (error: Error) => void;
}

/** Listeners that have just become full, whose way back the test decides. */
async function full() {
  const joins: Joined[] = [];
  const said: string[] = [];
  let events: AcceptEvents | null = null;
  const acceptor: Acceptor = {
    inherit: async (_fd, _backlog, given) => {
      events = given;
      return () => {};
    },
    join: () => new Promise((resolve, reject) => joins.push({ done: resolve, fail: reject })),
  };
  const clock = new FakeClock();
  const current = { settings: testSettings(), engine: { held: () => 0 }, sessions: { tunnels: () => 0 } } as unknown as DataPlane;
  const listeners = new Listeners({
    planes: { current },
    clock,
    acceptor,
    descriptors: 1_000,
    onFull: () => void said.push('full'),
    onRoom: () => void said.push('room'),
    onError: (error) => void said.push(error.message),
  });
  await listeners.start([3]);
  (events as AcceptEvents | null)?.error(new Error('EMFILE'));
  assert.deepEqual(said.splice(0), ['EMFILE', 'full']);
  listeners.look();
  return { listeners, clock, said, joins };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('listens again where there is room', async () => {
  const { listeners, said, joins } = await full();
  assert.equal(listeners.isAccepting, false);
  joins[0]?.done(() => {});
  await settled();
  assert.deepEqual([listeners.isAccepting, said], [true, ['room']]);
});

test('tries again later where the port cannot be had', async () => {
  const { listeners, clock, said, joins } = await full();
  joins[0]?.fail(new Error('EADDRINUSE'));
  await settled();
  assert.deepEqual([listeners.isAccepting, said], [false, ['EADDRINUSE']]);
  clock.advance(1_000);
  assert.equal(joins.length, 2);
});

test('stopped while it was about to listen again it stays closed', async () => {
  const { listeners, said, joins } = await full();
  let closed = 0;
  listeners.stop();
  joins[0]?.done(() => (closed += 1));
  await settled();
  assert.deepEqual([listeners.isAccepting, closed, said], [false, 1, []]);
});

test('stopped while it waited to try again it stays closed', async () => {
  const { listeners, clock, joins } = await full();
  joins[0]?.fail(new Error('EADDRINUSE'));
  await settled();
  listeners.stop();
  clock.advance(10_000);
  assert.deepEqual([listeners.isAccepting, joins.length], [false, 1]);
});

test('stopped while it takes over what it inherited it stays closed', async () => {
  let closed = 0;
  const inherits: ((close: () => void) => void)[] = [];
  const listeners = new Listeners({
    planes: { current: { settings: testSettings() } as unknown as DataPlane },
    clock: new FakeClock(),
    acceptor: { inherit: () => new Promise((resolve) => inherits.push(resolve)), join: () => assert.fail('joins') },
    descriptors: 1_000,
    onFull: () => assert.fail('full'),
    onRoom: () => assert.fail('room'),
    onError: (error) => assert.fail(error),
  });
  const started = listeners.start([3]);
  listeners.stop();
  inherits[0]?.(() => (closed += 1));
  await started;
  assert.deepEqual([listeners.isAccepting, closed], [false, 1]);
});
