import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorMessage, Taking } from '../core/supervision.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { ANSWER_MS, HandOut, type Member } from './hand-out.ts';

const OLD = 'old';
const NEW = 'new';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two carriers and control, who do what the test says. */
function harness() {
  const clock = new FakeClock();
  const late: Taking[] = [];
  const told: Record<string, SupervisorMessage[]> = { 'carrier 0': [], 'carrier 1': [], control: [] };
  const turns = new Map<string, number>();
  const member = (who: string): Member => ({
    who,
    tell(message) {
      told[who]?.push(message);
      if (message.type === 'stage') turns.set(who, message.turn);
    },
  });
  const handOut = new HandOut({
    clock,
    carriers: [member('carrier 0'), member('carrier 1')],
    control: member('control'),
    settingsFile: 'settings.json',
    policyVersion: OLD,
    late: (taking) => late.push(taking),
  });
  for (const who of Object.keys(told)) handOut.ready(who, OLD);

  const lastTurn = (who: string): number => turns.get(who) ?? -1;
  return {
    clock,
    late,
    handOut,
    /** What it was told since the last time, in words. */
    heard: (who: string): string[] =>
      (told[who]?.splice(0) ?? []).map((message) => ('file' in message ? `stage ${message.file}` : message.type)),
    turn: lastTurn,
    staged: (who: string, turn = lastTurn(who)) => handOut.answered(who, { type: 'staged', turn }),
    refused: (who: string, why = 'no room', turn = lastTurn(who)) => handOut.answered(who, { type: 'refused', turn, why }),
    swapped: (who: string, policyVersion = NEW, turn = lastTurn(who)) => handOut.answered(who, { type: 'swapped', turn, policyVersion }),
    die: (who: string) => handOut.died(who),
  };
}

type World = ReturnType<typeof harness>;

/** Both carriers have made it. */
async function made(world: World): Promise<void> {
  const making = world.handOut.make('prepared.json');
  for (const who of ['carrier 0', 'carrier 1']) assert.deepEqual(world.heard(who), ['stage prepared.json']);
  for (const who of ['carrier 0', 'carrier 1']) world.staged(who);
  assert.deepEqual(await making, []);
}

test('nobody swaps before everybody has made it, then everybody does', async () => {
  const world = harness();
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  await settled();
  assert.deepEqual(world.heard('carrier 0'), ['stage prepared.json'], 'the other one has not answered');
  world.staged('carrier 1');
  assert.deepEqual(await making, []);

  const swapping = world.handOut.swap(NEW);
  assert.deepEqual([world.heard('carrier 0'), world.heard('control')], [['swap'], ['stage settings.json', 'swap']]);
  for (const who of ['carrier 0', 'carrier 1', 'control']) world.swapped(who);
  const { carriers, control } = await swapping;
  assert.deepEqual(
    [...carriers, control].map(({ took, why }) => [took, why]),
    Array.from({ length: 3 }, () => [true, null]),
  );
  assert.deepEqual([world.handOut.isUneven, world.handOut.versionOf('carrier 1'), world.late], [false, NEW, []]);
});

test('one that cannot make it is named with its reason, and after a drop all go on as before', async () => {
  const world = harness();
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  world.refused('carrier 1', 'EMFILE');
  assert.deepEqual(await making, [{ who: 'carrier 1', took: false, why: 'EMFILE' }]);
  world.handOut.drop();
  assert.deepEqual(world.heard('carrier 0'), ['stage prepared.json', 'drop']);
  assert.equal(world.handOut.isUneven, false);
});

test('one that says nothing while it is made is not waited for beyond the deadline; it is handed the accepted settings, and named', async () => {
  const world = harness();
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  world.clock.advance(ANSWER_MS);
  assert.deepEqual(await making, []);
  world.heard('carrier 1');
  const swapping = world.handOut.swap(NEW);
  assert.deepEqual(world.heard('carrier 1'), ['stage settings.json', 'swap']);
  world.swapped('carrier 0');
  world.swapped('control');
  world.clock.advance(ANSWER_MS);
  const { carriers } = await swapping;
  assert.deepEqual(carriers[1], { who: 'carrier 1', took: false, why: 'it did not acknowledge within 5 s' });
  assert.equal(world.handOut.isUneven, true);

  world.swapped('carrier 1');
  assert.deepEqual(world.late, [{ who: 'carrier 1', took: true, why: null }]);
  assert.equal(world.handOut.isUneven, false);
});

test('an answer to an earlier turn does not count as one to this, but what somebody runs by is what it says', async () => {
  const world = harness();
  const first = world.handOut.make('first.json');
  const turn = world.turn('carrier 0');
  world.clock.advance(ANSWER_MS);
  await first;
  const second = world.handOut.make('second.json');
  world.staged('carrier 1');
  world.staged('carrier 0', turn);
  world.refused('carrier 0', 'the file is gone', turn);
  await settled();
  world.swapped('carrier 0', 'between', turn);
  assert.equal(world.handOut.versionOf('carrier 0'), 'between');
  world.staged('carrier 0');
  assert.deepEqual(await second, []);
});

test('one that dies while it is made is not waited for, and its successor reads the accepted settings', async () => {
  const world = harness();
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  world.die('carrier 1');
  assert.deepEqual(await making, []);
  const swapping = world.handOut.swap(NEW);
  world.swapped('carrier 0');
  world.swapped('control');
  world.heard('carrier 1');
  world.handOut.ready('carrier 1', NEW);
  assert.equal((await swapping).carriers[1]?.took, true);
  assert.deepEqual([world.heard('carrier 1'), world.handOut.isUneven], [[], false]);
});

for (const [what, end] of [
  ['does not come back in time', (world: World) => world.clock.advance(ANSWER_MS)],
  ['will not come back, since the node stops', (world: World) => world.handOut.stop()],
] as const) {
  test(`one that dies behind the swap and ${what} is named as being started`, async () => {
    const world = harness();
    await made(world);
    const swapping = world.handOut.swap(NEW);
    world.swapped('carrier 0');
    world.swapped('control');
    world.die('carrier 1');
    await settled();
    end(world);
    const { carriers } = await swapping;
    assert.deepEqual(carriers[1], {
      who: 'carrier 1',
      took: false,
      why: 'it is being started, and takes the accepted settings when it is',
    });
  });
}

test('one that started from the settings of before is told when it serves, and is waited for', async () => {
  const world = harness();
  world.handOut.died('carrier 1');
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  assert.deepEqual(await making, []);
  assert.deepEqual(world.heard('carrier 1'), [], 'it is not there yet');
  const swapping = world.handOut.swap(NEW);
  world.swapped('carrier 0');
  world.swapped('control');
  world.handOut.ready('carrier 1', OLD);
  assert.deepEqual(world.heard('carrier 1'), ['stage settings.json', 'swap']);
  world.swapped('carrier 1');
  assert.equal((await swapping).carriers[1]?.took, true);
});

test('so is one that serves when nobody waits any more', () => {
  const world = harness();
  world.handOut.died('carrier 1');
  void world.handOut.swap(NEW);
  world.clock.advance(ANSWER_MS);
  world.handOut.ready('carrier 1', OLD);
  assert.deepEqual(world.heard('carrier 1'), ['stage settings.json', 'swap']);
});

test('one that refuses the accepted settings is named, and handed them again the next time', async () => {
  const world = harness();
  world.handOut.died('carrier 1');
  const making = world.handOut.make('prepared.json');
  world.staged('carrier 0');
  await making;
  const swapping = world.handOut.swap(NEW);
  world.handOut.ready('carrier 1', OLD);
  for (const who of ['carrier 0', 'control']) world.swapped(who);
  world.refused('carrier 1', 'no room');
  assert.deepEqual((await swapping).carriers[1], { who: 'carrier 1', took: false, why: 'no room' });
  assert.equal(world.handOut.isUneven, true);
  for (const who of ['carrier 0', 'carrier 1']) world.heard(who);
  const again = world.handOut.swap(NEW);
  assert.deepEqual([world.heard('carrier 1'), world.heard('carrier 0')], [['stage settings.json', 'swap'], []]);
  world.swapped('carrier 1');
  assert.equal((await again).carriers[1]?.took, true);
});

test('control is no reason to wait where it is dead, and takes no part in the first step', async () => {
  const world = harness();
  world.die('control');
  await made(world);
  const swapping = world.handOut.swap(NEW);
  world.swapped('carrier 0');
  world.swapped('carrier 1');
  assert.deepEqual((await swapping).control.took, false);
  assert.deepEqual(world.heard('control'), []);
});
