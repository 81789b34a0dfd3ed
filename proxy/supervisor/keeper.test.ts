import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { ChildMessage, SupervisorMessage } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import type { Death } from './keeper.ts';
import { Keeper, restartDelay, SILENT_MS, START_MS } from './keeper.ts';

class FakeChild extends EventEmitter {
  static #pids = 100;
  readonly pid: number | undefined;
  connected = true;
  readonly told: SupervisorMessage[] = [];

  constructor(spawned = true) {
    super();
    this.pid = spawned ? (FakeChild.#pids += 1) : undefined;
  }

  send(message: SupervisorMessage): void {
    this.told.push(message);
  }

  kill(signal: string): void {
    queueMicrotask(() => this.emit('exit', null, signal));
  }

  say(type: ChildMessage['type']): void {
    this.emit('message', { type });
  }
}

function harness(spawned: (attempt: number) => boolean = () => true) {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const deaths: Death[] = [];
  const heard: string[] = [];
  const delay = { ms: 0 };
  const stirs = { count: 0 };
  let attempts = 0;
  const keeper = new Keeper({
    clock,
    runDelayMs: () => delay.ms,
    launch() {
      attempts += 1;
      const child = new FakeChild(spawned(attempts));
      children.push(child);
      return child as unknown as ChildProcess;
    },
    ready: (policyVersion) => heard.push(policyVersion === undefined ? 'ready' : `ready by ${policyVersion}`),
    full: () => heard.push('full'),
    room: () => heard.push('room'),
    asked: () => heard.push('asked'),
    stirred: () => (stirs.count += 1),
    answered: ({ type, turn }) => heard.push(`${type} ${turn}`),
    said: (text) => heard.push(`said ${text}`),
    died: (death) => deaths.push(death),
  });
  /** Time goes on in steps, as the supervisor watches. */
  const pass = async (ms: number, each: () => void = () => {}): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      each();
      keeper.watch(false);
      await Promise.resolve();
    }
  };
  const latest = (): FakeChild => children.at(-1) as FakeChild;
  return { clock, children, deaths, delay, stirs, heard, keeper, pass, latest };
}

test('a child is starting until it says that it is ready', () => {
  const { keeper, latest, heard } = harness();
  assert.equal(keeper.view().state, 'down');
  keeper.start();
  assert.equal(keeper.state, 'starting');
  latest().say('ready');
  assert.deepEqual(keeper.view(), { state: 'ready', pid: latest().pid, restarts: 0 });
  assert.deepEqual(heard, ['ready']);
});

test('what a child says of itself with a beat is known with its age, until another word or its end', async () => {
  const { clock, keeper, latest } = harness();
  keeper.start();
  latest().say('beat');
  assert.equal(keeper.word, null);
  latest().emit('message', { type: 'beat', word: { tunnels: 3 } });
  clock.advance(700);
  latest().say('beat');
  assert.deepEqual(keeper.word, { said: { tunnels: 3 }, ageMs: 700, withinMs: 1_000 });
  latest().emit('message', { type: 'beat', word: { tunnels: 4 } });
  assert.deepEqual(keeper.word, { said: { tunnels: 4 }, ageMs: 0, withinMs: 1_000 });
  latest().emit('exit', 1, null);
  assert.equal(keeper.word, null);
});

test('a child that goes on beating is left alone', async () => {
  const { keeper, latest, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  await pass(60_000, () => latest().say('beat'));
  assert.deepEqual(deaths, []);
});

test('a ready child that is silent for three seconds is killed', async () => {
  const { keeper, latest, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  await pass(SILENT_MS - 250);
  assert.equal(deaths.length, 0);
  await pass(500);
  assert.equal(deaths[0]?.cause, 'silent');
});

test('a child rests while its beats say so and come in time; whatever else there is of it stirs its watch', async () => {
  const { keeper, latest, stirs, clock } = harness();
  const stirred = (what: () => void): boolean => {
    const before = stirs.count;
    what();
    return stirs.count > before;
  };
  const rest = (): void => void latest().emit('message', { type: 'beat', withinMs: 4_000 });
  assert.ok(stirred(() => keeper.start()));
  assert.ok(stirred(() => latest().say('ready')));
  assert.equal(keeper.isResting, false);
  assert.ok(!stirred(rest));
  assert.equal(keeper.isResting, true);
  assert.ok(!stirred(() => latest().say('ask')), 'it rests still');
  assert.ok(!stirred(() => clock.advance(4_000)));
  rest();
  assert.ok(!stirred(() => clock.advance(4_000)), 'the beat came');
  assert.ok(
    stirred(() => clock.advance(500)),
    'it is late',
  );
  assert.equal(keeper.isResting, false);
  rest();
  assert.ok(stirred(() => latest().say('beat')));
  assert.equal(keeper.isResting, false);
  rest();
  assert.ok(stirred(() => latest().emit('exit', 1, null)));
  assert.ok(stirred(() => clock.advance(0)));
  assert.ok(keeper.isAlive);
  latest().say('ready');
  rest();
  assert.ok(stirred(() => keeper.stop(60_000, 0)));
  assert.equal(keeper.isResting, false);
  latest().emit('exit', 0, null);
  assert.ok(!stirred(() => clock.advance(60_000)), 'nothing is left of it');
});

test('a child that said that it rests is waited for as long, and two seconds more', async () => {
  const { keeper, latest, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  for (const end of [4_000, 5_500]) {
    latest().emit('message', { type: 'beat', word: { tunnels: 3 }, withinMs: 4_000 });
    assert.equal(keeper.word?.withinMs, 4_000);
    await pass(end);
    assert.deepEqual([deaths.length, keeper.isCalm], [0, end === 4_000]);
  }
  await pass(750);
  assert.equal(deaths[0]?.cause, 'silent');
});

test('a child that works again, or that was started anew, is held to a beat a second', async () => {
  const { keeper, latest, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  latest().emit('message', { type: 'beat', withinMs: 4_000 });
  latest().say('beat');
  await pass(SILENT_MS + 250);
  assert.equal(deaths[0]?.cause, 'silent');
  await pass(1_000);
  latest().say('ready');
  latest().emit('message', { type: 'beat', withinMs: 4_000 });
  latest().emit('exit', 1, null);
  await pass(1_000);
  latest().say('ready');
  await pass(SILENT_MS + 250);
  assert.deepEqual(
    deaths.map(({ cause }) => cause),
    ['silent', null, 'silent'],
  );
});

test('no promise keeps a child from being killed', async () => {
  for (const withinMs of [Number.NaN, Number.POSITIVE_INFINITY, 4_001, -1, '4000', null]) {
    const { keeper, latest, pass, deaths } = harness();
    keeper.start();
    latest().say('ready');
    latest().emit('message', { type: 'beat', withinMs });
    await pass(SILENT_MS + 250);
    assert.equal(deaths[0]?.cause, 'silent', String(withinMs));
  }
});

test('a child that waits for a CPU is not silent, and is killed once it has had its time', async () => {
  const { keeper, latest, pass, delay, deaths } = harness();
  keeper.start();
  latest().say('ready');
  await pass(20_000, () => (delay.ms += 225));
  assert.equal(deaths.length, 0);
  await pass(SILENT_MS);
  assert.equal(deaths[0]?.cause, 'silent');
});

test('a look that is the first to read what it has waited does not kill, however late it is', async () => {
  const { keeper, latest, clock, deaths } = harness();
  keeper.start();
  latest().say('ready');
  clock.advance(SILENT_MS + 500);
  keeper.watch(false);
  await Promise.resolve();
  assert.equal(deaths.length, 0);
  clock.advance(750);
  keeper.watch(false);
  await Promise.resolve();
  assert.equal(deaths.length, 0, 'nor does one right behind it: both may have stood still');
  clock.advance(250);
  keeper.watch(false);
  await Promise.resolve();
  assert.equal(deaths[0]?.cause, 'silent');
});

test('a child that hangs in a rest is waited for no longer for having been forgiven: its watch is stirred again', () => {
  const { keeper, latest, stirs, clock } = harness();
  keeper.start();
  latest().say('ready');
  latest().emit('message', { type: 'beat', withinMs: 4_000 });
  clock.advance(10_000);
  keeper.watch(true);
  const before = stirs.count;
  clock.advance(4_000);
  assert.equal(stirs.count, before);
  clock.advance(500);
  assert.ok(stirs.count > before);
  assert.equal(keeper.isResting, false);
});

test('a retired child stirs its watch', () => {
  const { keeper, latest, stirs } = harness();
  keeper.start();
  latest().say('ready');
  const before = stirs.count;
  keeper.retire(RETIRE, 1_000);
  assert.ok(stirs.count > before);
});

test('what it has waited before its last beat is forgotten', async () => {
  const { keeper, latest, pass, delay, deaths } = harness();
  keeper.start();
  latest().say('ready');
  delay.ms = 60_000;
  await pass(250, () => latest().say('beat'));
  await pass(SILENT_MS);
  assert.equal(deaths[0]?.cause, 'silent');
});

test('a child needs a close look unless it serves and beats', async () => {
  const { keeper, latest, clock, pass } = harness();
  assert.equal(keeper.isCalm, false, 'not started');
  keeper.start();
  assert.equal(keeper.isCalm, false, 'starting');
  latest().say('ready');
  clock.advance(1_200);
  assert.equal(keeper.isCalm, true, 'a beat may be a little late');
  clock.advance(100);
  assert.equal(keeper.isCalm, false, 'late');
  latest().say('beat');
  assert.equal(keeper.isCalm, true);
  latest().emit('exit', 1, null);
  assert.equal(keeper.isCalm, false, 'about to be started again');
  keeper.start();
  latest().say('ready');
  keeper.retire({ type: 'retire', heir: 2, rate: 1, deadlineMs: 5_000 }, 1_000);
  assert.equal(keeper.isCalm, true, 'holds what it has');
  await pass(5_000, () => latest().say('beat'));
  assert.equal(keeper.isCalm, false, 'its time is nearly over');
  keeper.stop(1_000, 0);
  assert.equal(keeper.isCalm, false, 'stopping');
  latest().emit('exit', 0, null);
  assert.equal(keeper.isCalm, true, 'gone for good');
});

test('its question is passed on', () => {
  const { keeper, latest, heard } = harness();
  keeper.start();
  latest().say('ask');
  assert.deepEqual(heard, ['asked']);
});

test('silence is forgiven where the supervisor itself was stopped', async () => {
  const { keeper, latest, clock, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  clock.advance(60_000);
  keeper.watch(true);
  await pass(SILENT_MS - 250);
  assert.deepEqual(deaths, []);
});

test('a child that is not ready in time is killed, and the next one has twice the time', async () => {
  const { keeper, pass, deaths } = harness();
  keeper.start();
  await pass(START_MS + 250);
  assert.deepEqual(
    deaths.map((death) => death.cause),
    ['not-ready'],
  );
  await pass(START_MS * 2 - 500);
  assert.equal(deaths.length, 1);
  await pass(1_000);
  assert.equal(deaths.length, 2);
});

test('a child that dies is started again at once, then later and later, never later than a second', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map(restartDelay), [0, 100, 200, 400, 800, 1_000, 1_000]);
  const { keeper, latest, clock, children } = harness();
  keeper.start();
  for (const expected of [0, 100, 200, 400, 800, 1_000, 1_000]) {
    const before = children.length;
    latest().say('ready');
    latest().emit('exit', 1, null);
    if (expected > 0) clock.advance(expected - 1);
    assert.equal(children.length, before);
    clock.advance(1);
    assert.equal(children.length, before + 1);
  }
  assert.equal(keeper.view().restarts, 7);
});

test('after a steady life a child is started again at once', () => {
  const { keeper, latest, clock, children } = harness();
  keeper.start();
  for (let deaths = 0; deaths < 4; deaths += 1) {
    latest().emit('exit', 1, null);
    clock.advance(1_000);
  }
  latest().say('ready');
  clock.advance(10_000);
  latest().emit('exit', 1, null);
  const before = children.length;
  clock.advance(0);
  assert.equal(children.length, before + 1);
});

test('a child that cannot be spawned counts as dead and is tried again', () => {
  const { keeper, latest, clock, deaths, children } = harness((attempt) => attempt > 1);
  keeper.start();
  latest().emit('error', new Error('spawn EAGAIN'));
  assert.equal(deaths[0]?.cause, 'launch-failed');
  assert.equal(deaths[0]?.error, 'spawn EAGAIN');
  clock.advance(0);
  assert.equal(children.length, 2);
  assert.equal(keeper.state, 'starting');
});

test('what a child of before says is not taken for the word of the one after it', () => {
  const { keeper, latest, clock, heard } = harness();
  keeper.start();
  const first = latest();
  first.emit('exit', 1, null);
  clock.advance(0);
  first.say('ready');
  assert.equal(keeper.state, 'starting');
  assert.deepEqual(heard, []);
});

test('full and room are steps from ready and back, and nothing else', () => {
  const { keeper, latest, heard } = harness();
  keeper.start();
  latest().say('full');
  latest().say('room');
  latest().say('ready');
  latest().say('room');
  latest().say('full');
  assert.equal(keeper.state, 'full');
  latest().say('full');
  latest().say('room');
  assert.deepEqual(heard, ['ready', 'full', 'room']);
});

test('a child that is told to stop is not started again', () => {
  const { keeper, latest, clock, children, deaths } = harness();
  keeper.start();
  latest().say('ready');
  keeper.stop(5_000, 2_000);
  assert.deepEqual(latest().told, [{ type: 'stop', deadlineMs: 5_000 }]);
  assert.equal(keeper.state, 'stopping');
  latest().emit('exit', 0, null);
  clock.advance(60_000);
  assert.equal(children.length, 1);
  assert.equal(deaths[0]?.cause, null);
});

test('a child that does not stop is killed after its deadline and the grace, and not for its silence', async () => {
  const { keeper, latest, pass, deaths } = harness();
  keeper.start();
  latest().say('ready');
  keeper.stop(5_000, 2_000);
  await pass(6_750);
  assert.equal(deaths.length, 0);
  await pass(500);
  assert.equal(deaths[0]?.cause, 'stop-deadline');
});

test('a stop while a child waits to be started again leaves it down', () => {
  const { keeper, latest, clock, children } = harness();
  keeper.start();
  latest().emit('exit', 1, null);
  clock.advance(0);
  latest().emit('exit', 1, null);
  keeper.stop(1_000, 0);
  clock.advance(10_000);
  assert.equal(children.length, 2);
  assert.equal(keeper.isAlive, false);
});

test('what a child says of a configuration reaches its owner, while it serves and while it is full', () => {
  const { keeper, latest, heard } = harness();
  keeper.start();
  latest().emit('message', { type: 'ready', policyVersion: '0123456789ab' });
  latest().emit('message', { type: 'staged', turn: 3 });
  latest().say('full');
  latest().emit('message', { type: 'swapped', turn: 3, policyVersion: 'ba9876543210' });
  latest().emit('message', { type: 'refused', turn: 4, why: 'no room' });
  assert.deepEqual(heard, ['ready by 0123456789ab', 'staged 3', 'full', 'swapped 3', 'refused 4']);
});

test('a child that waits for its generation is warm, and ready when it serves', async () => {
  const { keeper, children, heard, pass } = harness();
  keeper.start();
  await pass(START_MS - 500);
  children[0]?.say('warm');
  assert.equal(keeper.state, 'warm');
  await pass(START_MS - 500, () => children[0]?.say('beat'));
  assert.equal(keeper.state, 'warm');
  children[0]?.say('ready');
  assert.deepEqual([keeper.state, heard], ['ready', ['ready']]);
});

const RETIRE = { type: 'retire', heir: 2, rate: 1, deadlineMs: 60_000 } as const;

test('a retired child is not killed for its silence, hears what changes, and is not started again', async () => {
  const { keeper, children, deaths, pass } = harness();
  keeper.start();
  children[0]?.say('ready');
  keeper.retire(RETIRE, 1_000);
  keeper.retire({ ...RETIRE, rate: 2 }, 1_000);
  await pass(SILENT_MS * 4);
  assert.deepEqual([keeper.state, deaths, children[0]?.told], ['retired', [], [RETIRE, { ...RETIRE, rate: 2 }]]);
  children[0]?.emit('exit', 0, null);
  await pass(10_000);
  assert.deepEqual([keeper.state, deaths.length, children.length], ['down', 1, 1]);
});

test('a retired child is killed behind its deadline, and sooner where the node stops', async () => {
  const first = harness();
  first.keeper.start();
  first.keeper.retire(RETIRE, 1_000);
  await first.pass(60_750);
  assert.equal(first.deaths.length, 0);
  await first.pass(500);
  assert.equal(first.deaths[0]?.cause, 'stop-deadline');

  // One that lives knows why it is still there.
  const living = harness();
  living.keeper.start();
  living.keeper.retire(RETIRE, 1_000);
  await living.pass(120_000, () => living.children[0]?.say('beat'));
  assert.deepEqual(living.deaths, []);

  const second = harness();
  second.keeper.start();
  second.keeper.retire(RETIRE, 1_000);
  second.keeper.stop(2_000, 1_000);
  second.keeper.retire(RETIRE, 1_000);
  assert.equal(second.keeper.state, 'stopping');
  await second.pass(3_250);
  assert.equal(second.deaths[0]?.cause, 'stop-deadline');
});
