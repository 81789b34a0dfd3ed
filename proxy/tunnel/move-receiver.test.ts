// What a carrier takes, and what it leaves to its sender, message by message.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MOVE_SENDERS_MAX } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import { ACCEPTED, errnoOf, fakeLinks, LISTENER, type FakeLinks } from '../test/support/fake-links.ts';
import { movedSession } from '../test/support/moved-session.ts';
import { startTestNode, type TestNode } from '../test/support/plane.ts';
import { MoveReceiver, type Taken } from './move-receiver.ts';
import { writeIdentity, type MovedSession } from './move-message.ts';
import type { DataPlane } from './plane.ts';
import type { Relay, RelayLimits } from './relay.ts';

interface Harness {
  readonly node: TestNode;
  readonly fake: FakeLinks;
  readonly receiver: MoveReceiver;
  readonly overs: Taken[];
  /** Ends of the tunnels that run here. */
  readonly running: ((by: EndedBy) => void)[];
  readonly done: string[];
  readonly planes: { current: DataPlane };
  /** The limits of each tunnel that was taken. */
  readonly heldTo: RelayLimits[];
  room: boolean;
  canAdopt: boolean;
  message(what: string | MovedSession): void;
  deliver(): void;
}

async function begin(t: TestContext): Promise<Harness> {
  const node = await startTestNode();
  t.after(() => node.close());
  const fake = fakeLinks();
  const overs: Taken[] = [];
  const running: ((by: EndedBy) => void)[] = [];
  const done: string[] = [];
  const planes = { current: node.plane };
  const heldTo: RelayLimits[] = [];
  const messages: (string | MovedSession)[] = [];
  const relay: Relay = { bytesUp: 10, bytesDown: 20, idleMs: () => 0, movable: null, close: () => {} };
  const receiver = new MoveReceiver({
    planes,
    links: fake.links,
    path: 'here',
    over: (taken) => void overs.push(taken),
    moves: {
      hasRoom: () => harness.room,
      receive: (_, room) => {
        const next = messages.shift() ?? 'EAGAIN';
        if (next === 'end') return 0;
        if (typeof next !== 'string') return writeIdentity(next)?.copy(room) ?? 0;
        return next.startsWith('E') ? errnoOf(next) : room.write(next);
      },
      adopt: (limits, ended) => {
        heldTo.push(limits);
        done.push('adopt');
        if (!harness.canAdopt) return null;
        running.push(ended);
        return relay;
      },
      discard: () => void done.push('discard'),
    },
  });
  receiver.start();
  fake.readable(LISTENER);
  const harness: Harness = {
    node,
    fake,
    receiver,
    overs,
    running,
    done,
    planes,
    heldTo,
    room: true,
    canAdopt: true,
    message: (what) => void messages.push(what),
    deliver: () => fake.readable(ACCEPTED),
  };
  return harness;
}

test('a tunnel that is taken is a session on the relay, with its place, its age and its record', async (t) => {
  const { node, fake, running, message, deliver } = await begin(t);
  const startMs = node.plane.clock.nowMs() - 60_000;
  message(movedSession({ startMs }));
  deliver();
  assert.deepEqual(fake.sent, ['+']);
  assert.deepEqual([node.counts.open, node.counts.moved, node.plane.sessions.tunnels()], [1, 1, 1]);
  const [row] = node.plane.sessions.page(10, 0).rows;
  assert.ok(row && row.ageMs >= 60_000 && row.ageMs < 70_000, String(row?.ageMs));
  assert.deepEqual([row.id, row.phase, row.door, row.client], [movedSession().record.id, 'relaying', 'sni', '198.51.100.7:50123']);
  running[0]?.('client');
  const { record, end } = await node.recorded(({ event }) => event === 'close');
  assert.deepEqual(record, movedSession().record);
  assert.deepEqual([end?.bytesUp, end?.bytesDown, end?.endedBy, end?.policyVersion], [10, 20, 'client', '0123456789ab']);
  assert.ok((end?.durationMs ?? 0) >= 60_000);
  assert.deepEqual([node.counts.open, node.records.length], [0, 1], 'no decision is made a second time');
});

test('it is held to the limits of the configuration in use when it comes, and keeps the policy that allowed it', async (t) => {
  const { node, planes, heldTo, running, message, deliver } = await begin(t);
  const { engine, settings } = node.plane;
  const limits = { ...engine.limits, idleMs: 1 };
  message(movedSession());
  deliver();
  planes.current = { ...node.plane, settings: { ...settings, policyVersion: 'another' }, engine: engine.under(limits) };
  message(movedSession());
  deliver();
  assert.deepEqual(heldTo, [engine.limits, limits]);
  running[1]?.('client');
  const { end } = await node.recorded(({ event }) => event === 'close');
  assert.equal(end?.policyVersion, movedSession().policyVersion);
});

test('it is closed for its age here, by the start that it brought', async (t) => {
  const { node, message, deliver } = await begin(t);
  const closed: EndedBy[] = [];
  const { clock } = node.plane;
  const nowMs = clock.nowMs();
  message(movedSession({ startMs: nowMs - 90_000, maxAgeMs: 90_000 }));
  deliver();
  const [session] = [...{ [Symbol.iterator]: () => node.plane.sessions.all() }];
  assert.ok(session);
  t.mock.method(session, 'close', (by: EndedBy) => void closed.push(by));
  t.mock.method(clock, 'nowMs', () => nowMs + 1_000);
  node.plane.sessions.sweep();
  assert.deepEqual(closed, ['age']);
});

for (const [what, prepare, message, answer] of [
  ['without a slot for it', (h: Harness) => (h.room = false), movedSession(), '-full'],
  ['without room in its row of the ledger', (h: Harness) => (h.node.limit = 'NODE_FULL'), movedSession(), '-full'],
  ['that does not understand it', () => {}, '{"version":99}', '-version'],
] as const) {
  test(`a carrier ${what} lets go of it, says why, and counts nothing`, async (t) => {
    const harness = await begin(t);
    prepare(harness);
    harness.message(message);
    harness.deliver();
    assert.deepEqual([harness.fake.sent, harness.done], [[answer], ['discard']]);
    assert.deepEqual([harness.node.counts.open, harness.node.plane.sessions.tunnels()], [0, 0]);
  });
}

test('a message that did not arrive whole is answered too, so that the answers keep their order', async (t) => {
  const { fake, message, deliver } = await begin(t);
  for (const what of [movedSession(), 'EPROTO', movedSession()]) message(what);
  deliver();
  assert.deepEqual(fake.sent, ['+', '-unreadable', '+']);
});

for (const error of ['EPIPE', 'ECONNRESET']) {
  test(`a sender that is dead (${error}) has left its tunnel to this carrier`, async (t) => {
    const { node, fake, done, message, deliver } = await begin(t);
    fake.sendError = error;
    for (const what of ['ECONNRESET', movedSession(), 'end']) message(what);
    deliver();
    assert.deepEqual([done, node.counts.open, fake.closed], [['adopt'], 1, [ACCEPTED]]);
  });
}

test('an answer that cannot be said leaves the tunnel to its sender, which hears that by the end of the link', async (t) => {
  const { node, fake, done, overs, message, deliver } = await begin(t);
  fake.sendError = 'EAGAIN';
  for (const what of [movedSession(), movedSession()]) message(what);
  deliver();
  assert.deepEqual([done, node.counts.open, fake.closed, overs], [['discard'], 0, [ACCEPTED], [{ taken: 0, refused: 1 }]]);
});

for (const error of ['ENOMEM', 'EBUSY']) {
  test(`a link that cannot be read (${error}) is closed, and nothing is held`, async (t) => {
    const { fake, done, message, deliver } = await begin(t);
    message(error);
    deliver();
    assert.deepEqual([done, fake.sent, fake.closed], [['discard'], [], [ACCEPTED]]);
  });
}

test('a tunnel that was taken and cannot be run ends as a fault, with its place', async (t) => {
  const harness = await begin(t);
  harness.canAdopt = false;
  harness.message(movedSession());
  harness.deliver();
  const { end } = await harness.node.recorded(({ event }) => event === 'close');
  assert.deepEqual([end?.endedBy, harness.done, harness.node.counts.open], ['fault', ['adopt', 'discard'], 0]);
});

test('many messages do not keep the event loop', async (t) => {
  const { fake, message, deliver } = await begin(t);
  for (let index = 0; index < 100; index += 1) message(movedSession());
  deliver();
  assert.ok(fake.sent.length > 0 && fake.sent.length < 50, String(fake.sent.length));
  for (let turn = 0; turn < 20; turn += 1) deliver();
  assert.equal(fake.sent.length, 100);
});

test('told to stop, a carrier takes nothing more', async (t) => {
  const { receiver, fake, overs, message, deliver } = await begin(t);
  message(movedSession());
  deliver();
  receiver.stop();
  assert.deepEqual([fake.closed, overs], [[LISTENER, ACCEPTED], [{ taken: 1, refused: 0 }]]);
  message(movedSession());
  deliver();
  assert.deepEqual(fake.sent, ['+']);
});

test('senders that cannot be let in for want of descriptors are sent away, and the next ones are listened for', async (t) => {
  const { fake } = await begin(t);
  for (const error of ['EAGAIN', 'EPERM']) {
    fake.acceptError = error;
    fake.readable(LISTENER);
  }
  assert.deepEqual([fake.closed, fake.listening], [[], 1]);
  fake.acceptError = 'EMFILE';
  fake.readable(LISTENER);
  assert.deepEqual([fake.closed, fake.listening], [[LISTENER], 2]);
});

test('so many senders and no more are let in', async (t) => {
  const { fake } = await begin(t);
  let next = 100;
  t.mock.method(fake.links, 'accept', () => (next += 1));
  const closed: number[] = [];
  t.mock.method(fake.links, 'close', (link: number) => void closed.push(link));
  for (let sender = 1; sender < MOVE_SENDERS_MAX + 2; sender += 1) fake.readable(LISTENER);
  assert.deepEqual(closed, [100 + MOVE_SENDERS_MAX, 101 + MOVE_SENDERS_MAX]);
});
