// What becomes of each tunnel, whatever the other carrier, the kernel or the tunnel itself does meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOVE_WINDOW } from '../core/limits.ts';
import type { MoveView, StayReason } from '../core/move.ts';
import type { EndedBy } from '../core/record.ts';
import { CONNECTED, errnoOf, fakeLinks, type FakeLinks } from '../test/support/fake-links.ts';
import { movedSession } from '../test/support/moved-session.ts';
import { MoveSender, type Candidate } from './move-sender.ts';
import type { MovableRelay, ParkNews } from './relay.ts';

/** A tunnel, and what was asked of it. */
class FakeTunnel implements Candidate, MovableRelay {
  movable: MovableRelay | StayReason = this;
  abortedBy: EndedBy | null = null;
  /** Where it is: here, on its way, or gone to the other carrier. */
  state: 'here' | 'parked' | 'sent' | 'away' = 'here';
  sendError: string | null = null;
  isLong = false;
  told: ((news: ParkNews) => void) | null = null;

  get isSent(): boolean {
    return this.state === 'sent';
  }

  identity() {
    const moved = movedSession();
    return this.isLong ? { ...moved, policyVersion: 'x'.repeat(100_000) } : moved;
  }

  movedAway(): void {
    assert.equal(this.state, 'sent');
    this.state = 'away';
  }

  park(told: (news: ParkNews) => void): void {
    assert.equal(this.state, 'here');
    this.told = told;
  }

  /** The engine's news. */
  news(news: ParkNews): void {
    assert.ok(this.told, 'it was asked to wait');
    if (news === 'parked') this.state = 'parked';
    this.told(news);
    this.told = null;
  }

  send(link: number): number {
    assert.deepEqual([link, this.state], [CONNECTED, 'parked']);
    if (this.sendError !== null) return errnoOf(this.sendError);
    this.state = 'sent';
    return 0;
  }

  forget(): void {
    assert.equal(this.state, 'away');
  }

  resume(): void {
    assert.ok(this.state === 'parked' || this.state === 'sent', this.state);
    this.state = 'here';
  }
}

interface Harness {
  readonly fake: FakeLinks;
  readonly tunnels: FakeTunnel[];
  readonly sender: MoveSender;
  readonly overs: MoveView[];
  states(): string[];
  answer(...answers: string[]): void;
}

function begin(count: number, prepare: (harness: { fake: FakeLinks; tunnels: FakeTunnel[] }) => void = () => {}): Harness {
  const fake = fakeLinks();
  const tunnels = Array.from({ length: count }, () => new FakeTunnel());
  prepare({ fake, tunnels });
  const overs: MoveView[] = [];
  const sessions = { all: () => tunnels.values() };
  const sender = new MoveSender({ to: 2, path: 'there', sessions, links: fake.links, over: (view) => void overs.push(view) });
  sender.start();
  return {
    fake,
    tunnels,
    sender,
    overs,
    states: () => tunnels.map(({ state }) => state),
    answer(...answers) {
      fake.incoming.push(...answers.map((bytes) => ({ bytes })));
      fake.readable();
    },
  };
}

const parkAll = ({ tunnels }: Harness): void => {
  for (const tunnel of tunnels) if (tunnel.told) tunnel.news('parked');
};

test('a tunnel is away once it is taken, and the link is closed behind the last answer', () => {
  const move = begin(2);
  parkAll(move);
  assert.deepEqual(move.states(), ['sent', 'sent']);
  move.answer('+');
  assert.deepEqual([move.states(), move.fake.closed], [['away', 'sent'], []]);
  move.answer('+');
  assert.deepEqual([move.states(), move.fake.closed], [['away', 'away'], [CONNECTED]]);
  assert.deepEqual(move.overs, [{ to: 2, isOver: true, moved: 2, onTheWay: 0, stayed: {} }]);
});

test('no more than a window of them stands still at once', () => {
  const move = begin(MOVE_WINDOW + 10);
  assert.equal(move.sender.view().onTheWay, MOVE_WINDOW);
  for (const tunnel of move.tunnels.slice(0, MOVE_WINDOW)) tunnel.news('parked');
  assert.equal(move.states().filter((state) => state !== 'here').length, MOVE_WINDOW);
  move.answer('+', '+', '+');
  assert.equal(move.sender.view().onTheWay, MOVE_WINDOW);
});

test('one that is refused goes on here, and the others are asked for all the same', () => {
  const move = begin(3);
  parkAll(move);
  move.answer('+', '-version', '+');
  assert.deepEqual(move.states(), ['away', 'here', 'away']);
  assert.deepEqual(move.overs[0]?.stayed, { version: 1 });
});

test('where the other carrier is full, what is behind is not even stopped', () => {
  const move = begin(MOVE_WINDOW + 10);
  parkAll(move);
  const rest = move.tunnels.slice(MOVE_WINDOW);
  move.answer(...Array.from({ length: MOVE_WINDOW }, (_, index) => (index < 4 ? '+' : '-full')));
  assert.deepEqual(move.overs[0], { to: 2, isOver: true, moved: 4, onTheWay: 0, stayed: { full: MOVE_WINDOW + 6 } });
  assert.ok(rest.every(({ state }) => state === 'here'));
});

test('nobody listens: every tunnel stays', () => {
  const move = begin(3, ({ fake }) => (fake.connectError = 'ENOENT'));
  assert.deepEqual(move.overs[0]?.stayed, { 'no-receiver': 3 });
  assert.deepEqual(move.states(), ['here', 'here', 'here']);
});

test('the receiver dies: what it has answered is away, all the rest goes on here, whatever stage it was in', () => {
  const move = begin(5);
  const [first, second, third, parked, parking] = move.tunnels as [FakeTunnel, FakeTunnel, FakeTunnel, FakeTunnel, FakeTunnel];
  for (const tunnel of [first, second, third]) tunnel.news('parked');
  parked.sendError = 'EAGAIN';
  parked.news('parked');
  move.fake.incoming.push({ bytes: '+' }, 'end');
  move.fake.readable();
  assert.deepEqual(move.states(), ['away', 'here', 'here', 'here', 'here']);
  assert.equal(move.overs.length, 0, 'one is not parked yet');
  parking.news('parked');
  assert.equal(parking.state, 'here');
  assert.deepEqual(move.overs[0], { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: { 'no-receiver': 4 } });
  assert.deepEqual(move.fake.closed, [CONNECTED]);
});

test('a message to a receiver that is gone was not sent; the answers that it gave still count', () => {
  const move = begin(2);
  const [first, second] = move.tunnels as [FakeTunnel, FakeTunnel];
  first.news('parked');
  second.sendError = 'EPIPE';
  second.news('parked');
  assert.deepEqual(move.states(), ['sent', 'here']);
  move.answer('+');
  assert.deepEqual(move.overs[0], { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: { 'no-receiver': 1 } });
});

test('a full socket is waited for, and nothing overtakes', () => {
  const move = begin(3);
  const [first, second] = move.tunnels as [FakeTunnel, FakeTunnel, FakeTunnel];
  first.sendError = 'EAGAIN';
  parkAll(move);
  assert.deepEqual([move.states(), move.fake.isWatched], [['parked', 'parked', 'parked'], true]);
  first.sendError = null;
  second.sendError = 'EAGAIN';
  move.fake.writable();
  assert.deepEqual([move.states(), move.fake.isWatched], [['sent', 'parked', 'parked'], true]);
  second.sendError = null;
  move.fake.writable();
  assert.deepEqual([move.states(), move.fake.isWatched], [['sent', 'sent', 'sent'], false]);
});

test('too many descriptors on their way: the next answer makes room, and where none is owed the tunnel stays', () => {
  const move = begin(2);
  const [first, second] = move.tunnels as [FakeTunnel, FakeTunnel];
  first.news('parked');
  second.sendError = 'ETOOMANYREFS';
  second.news('parked');
  assert.deepEqual(move.states(), ['sent', 'parked']);
  move.answer('+');
  assert.deepEqual(move.overs[0], { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: { unsendable: 1 } });
  assert.equal(second.state, 'here');
});

for (const [why, prepare] of [
  ['its message is too long for the kernel', (tunnel: FakeTunnel) => (tunnel.sendError = 'EMSGSIZE')],
  ['there is too much to say of it', (tunnel: FakeTunnel) => (tunnel.isLong = true)],
] as const) {
  test(`a tunnel stays where ${why}`, () => {
    const move = begin(2);
    prepare(move.tunnels[0] as FakeTunnel);
    parkAll(move);
    assert.deepEqual(move.states(), ['here', 'sent']);
    assert.deepEqual(move.sender.view().stayed, { unsendable: 1 });
  });
}

for (const news of ['stays', 'ended'] as const) {
  test(`a tunnel of which the engine says "${news}" is not moved`, () => {
    const move = begin(1);
    move.tunnels[0]?.news(news);
    assert.deepEqual(move.overs[0]?.stayed, { ending: 1 });
  });
}

test('one that was told to close while it was being parked goes on here, so that it closes', () => {
  const move = begin(1);
  const [tunnel] = move.tunnels as [FakeTunnel];
  tunnel.abortedBy = 'age';
  tunnel.news('parked');
  assert.deepEqual([move.states(), move.overs[0]?.stayed], [['here'], { ending: 1 }]);
});

test('a session says itself why it cannot be moved, and is left alone', () => {
  const move = begin(3, ({ tunnels }) => {
    const [first, second] = tunnels as [FakeTunnel, FakeTunnel, FakeTunnel];
    first.movable = 'bound';
    second.movable = 'opening';
  });
  move.tunnels[2]?.news('parked');
  move.answer('+');
  assert.deepEqual(move.overs[0]?.stayed, { bound: 1, opening: 1 });
});

test('a carrier that is told to stop sends no more, and waits for the answers that it is owed', () => {
  const move = begin(MOVE_WINDOW + 2);
  const [first, second] = move.tunnels as [FakeTunnel, FakeTunnel];
  first.news('parked');
  move.sender.stop();
  second.news('parked');
  assert.deepEqual([first.state, second.state, move.fake.closed], ['sent', 'here', []]);
  for (const tunnel of move.tunnels.slice(2, MOVE_WINDOW)) tunnel.news('parked');
  assert.equal(move.overs.length, 0, 'an answer is owed');
  move.answer('+');
  assert.deepEqual(move.overs[0], { to: 2, isOver: true, moved: 1, onTheWay: 0, stayed: { stopping: MOVE_WINDOW + 1 } });
});

test('an answer that nobody is owed changes nothing', () => {
  const move = begin(1);
  move.answer('+', '+');
  move.tunnels[0]?.news('parked');
  assert.deepEqual([move.states(), move.sender.view().moved], [['sent'], 0]);
});
