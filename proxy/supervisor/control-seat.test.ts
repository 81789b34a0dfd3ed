import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { SupervisorMessage, SupervisorView } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { CONTROL_STOP_MS, ControlSeat } from './control-seat.ts';
import { launchOf } from './spawn-role.ts';

class FakeChild extends EventEmitter {
  readonly pid = 1;
  readonly connected = true;
  readonly told: string[] = [];
  readonly signals: string[] = [];
  readonly what: string;

  constructor(what: string) {
    super();
    this.what = what;
  }

  send(message: SupervisorMessage): void {
    this.told.push(message.type);
  }

  kill(signal = 'SIGKILL'): void {
    this.signals.push(signal);
    this.emit('exit', null, 'SIGKILL');
  }

  say(type: string): void {
    this.emit('message', { type });
  }

  end(code = 0): void {
    this.emit('exit', code, null);
  }
}

function harness() {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const events: string[] = [];
  let deaths = 0;
  const seat = new ControlSeat({
    clock,
    log: {
      write: (_level, event) => events.push(event),
      prepare: () => ({ take() {}, drop() {} }),
      reopen() {},
      flush: () => Promise.resolve(),
    },
    launch: launchOf('/old', ''),
    spawn({ root }, isRising) {
      const child = new FakeChild(`${root}${isRising ? ' rising' : ''}`);
      children.push(child);
      return child as unknown as ChildProcess;
    },
    ready() {},
    stirred() {},
    answered() {},
    view: () => ({ pid: 7 }) as SupervisorView,
    died: () => (deaths += 1),
  });
  seat.start();
  const [old] = children;
  assert.ok(old);
  old.say('ready');
  const next = (): FakeChild => children.at(-1) as FakeChild;
  return { clock, seat, children, events, old, next, deaths: () => deaths };
}

test('whoever asks is told how the node is, also one that does not serve yet', () => {
  const { seat, old, next } = harness();
  old.say('ask');
  assert.deepEqual(old.told, ['view']);
  seat.replace(launchOf('/new', ''));
  next().say('ask');
  assert.deepEqual([old.told, next().told], [['view'], ['view']]);
});

test('the one before is told to end only when the next is ready to be let in, and that one is when it is gone', () => {
  const { seat, old, next, children } = harness();
  seat.replace(launchOf('/new', ''));
  assert.deepEqual([next().what, old.told], ['/new rising', []]);
  next().say('warm');
  assert.deepEqual([old.told, next().told], [['stop'], []]);
  old.end();
  assert.deepEqual(next().told, ['accept']);
  next().say('ready');
  assert.deepEqual([seat.view().state, children.length], ['ready', 2]);
});

test('one that dies while its successor waits makes room by that', () => {
  const { seat, old, next } = harness();
  seat.replace(launchOf('/new', ''));
  old.kill();
  next().say('warm');
  assert.deepEqual(next().told, ['accept']);
});

test('a successor that dies three times is not wanted, and the one before has heard nothing of it', () => {
  const { clock, seat, old, next, children, events } = harness();
  seat.replace(launchOf('/new', ''));
  for (let turn = 0; turn < 3; turn += 1) {
    next().end(1);
    clock.advance(1_000);
  }
  assert.deepEqual([children.length, old.told, seat.view().state], [4, [], 'ready']);
  assert.deepEqual(
    events.filter((event) => event.startsWith('control-kept')),
    ['control-kept'],
  );
});

test('nor is one given up for which the one before has been told to end', () => {
  const { clock, seat, old, next, children } = harness();
  seat.replace(launchOf('/new', ''));
  for (let turn = 0; turn < 2; turn += 1) {
    next().end(1);
    clock.advance(1_000);
  }
  next().say('warm');
  next().end(1);
  old.end();
  clock.advance(1_000);
  next().say('warm');
  assert.deepEqual([children.length, next().told], [5, ['accept']]);
});

for (const [what, first, second] of [
  ['the one that serves first', 'old', 'next'],
  ['its successor first', 'next', 'old'],
] as const) {
  test(`a node that stops while a successor is made ready hears of both ends, ${what}`, () => {
    const { seat, old, next, deaths } = harness();
    seat.replace(launchOf('/new', ''));
    const children = { old, next: next() };
    seat.stop();
    children[first].end();
    assert.deepEqual([deaths(), seat.isAlive], [1, true]);
    children[second].end();
    assert.deepEqual([deaths(), seat.isAlive], [2, false]);
  });
}

test('a successor that another one takes the place of, and that does not end when told to, is killed, and known until it is gone', () => {
  const { clock, seat, next } = harness();
  seat.replace(launchOf('/new', ''));
  const given = next();
  seat.replace(launchOf('/newer', ''));
  assert.deepEqual([given.told, seat.keepers.length], [['stop'], 3]);
  clock.advance(CONTROL_STOP_MS);
  seat.watch(false);
  assert.deepEqual([given.signals, seat.keepers.length], [['SIGKILL'], 2]);
});
