import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { drainFile } from '../core/runtime-files.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { fakeSupervision } from '../test/support/fake-supervision.ts';
import { readDrain } from './drain-file.ts';
import { orderDrain, takeOrder, tellOthers } from './drain-orders.ts';

function harness(t: TestContext, known: DrainOrder | null = null) {
  const runtime = mkdtempSync(join(tmpdir(), 'drain-'));
  t.after(() => rmSync(runtime, { recursive: true }));
  const clock = new FakeClock();
  const lines: object[] = [];
  const told: number[] = [];
  const take = async (body: unknown) => {
    const { status, body: text } = await takeOrder(
      {
        runtime,
        clock,
        settings: { drain: { settleMs: 60_000, rate: 8, deadlineMs: 3_600_000, stopMs: 1 } },
        log: { info: (fields) => lines.push(fields) },
        tunnels: () => 600,
        known: () => known,
        changed: async () => void told.push(lines.length),
      },
      body,
    );
    return { status, value: JSON.parse(text) as unknown };
  };
  return { runtime, clock, lines, told, take };
}

test('an order is kept, written down with who gave it, and told to the others', async (t) => {
  const { runtime, lines, told, take } = harness(t);
  assert.deepEqual(await take({ do: 'start', by: 'ann' }), { status: 200, value: { changed: true, draining: true } });
  assert.equal(readDrain(runtime)?.tunnels, 600);
  assert.deepEqual(lines, [{ event: 'drain-ordered', do: 'start', by: 'ann', phase: 'settling', rate: 8, tunnels: 600 }]);
  assert.deepEqual(told, [0], 'told once, before the line');
});

test('each word of a drain is written down, and what changes nothing is not', async (t) => {
  const { lines, take, runtime } = harness(t);
  for (const word of ['start', 'start', 'pause', 'pause', 'resume', 'now', 'now', 'end', 'end'] as const)
    await take({ do: word, by: 'ann' });
  assert.deepEqual(
    lines.map((line) => Object.values(line).slice(1, 4)),
    [
      ['start', 'ann', 'settling'],
      ['pause', 'ann', 'paused'],
      ['resume', 'ann', 'settling'],
      ['now', 'ann', 'closing'],
      ['end', 'ann', null],
    ],
  );
  assert.equal(readDrain(runtime), null);
});

test('that somebody asks again and again to go slower is one line, until it has been quiet', async (t) => {
  const { clock, lines, take } = harness(t);
  await take({ do: 'now', by: 'ann' });
  for (let again = 0; again < 5; again += 1) {
    await take({ do: 'slow', by: 'fleet', why: 'eu-1b refuses' });
    clock.advance(5_000);
  }
  assert.equal(lines.length, 2);
  clock.advance(60_000);
  await take({ do: 'slow', by: 'fleet', why: 'eu-1b refuses' });
  assert.equal(lines.length, 3);
});

for (const [what, body, error] of [
  ['no word', {}, /^do: expected one of start, now, pause, resume, slow, end$/],
  ['another word', { do: 'stop' }, /^do: expected/],
  ['no object', null, /^do: expected/],
  ['a text', 'start', /^do: expected/],
  ['a rate of nothing', { do: 'start', rate: 0 }, /^rate: expected tunnels per second$/],
  ['a rate that is a text', { do: 'start', rate: '8' }, /^rate: expected/],
  ['a why that is no text', { do: 'slow', why: {} }, /^why: expected a text$/],
] as const) {
  test(`an order with ${what} is 400, and nothing comes of it`, async (t) => {
    const { runtime, lines, take } = harness(t);
    const { status, value } = await take(body);
    assert.equal(status, 400);
    assert.match((value as { error: string }).error, error);
    assert.deepEqual([readDrain(runtime), lines], [null, []]);
  });
}

test('to pause a node that does not drain is 409', async (t) => {
  const { take } = harness(t);
  assert.deepEqual(await take({ do: 'pause', by: 'ann' }), { status: 409, value: { error: 'this node is not draining' } });
});

test('who asks is a few printable characters', async (t) => {
  const { lines, take } = harness(t);
  await take({ do: 'start', by: `ann\n{"event":"forged"}${'x'.repeat(500)}` });
  const { by } = lines[0] as { by: string };
  assert.match(by, /^ann\\x0a\{"event":"forged"\}x+\.\.\.$/);
  assert.ok(by.length < 140);
});

test('an order that cannot be kept is said to be none', async (t) => {
  const { runtime, lines, take } = harness(t);
  mkdirSync(`${drainFile(runtime)}.tmp`);
  const { status, value } = await take({ do: 'start', by: 'ann' });
  assert.equal(status, 500);
  assert.match((value as { error: string }).error, /^the order could not be kept: EISDIR/);
  assert.deepEqual([readDrain(runtime), lines], [null, []]);
});

const KNOWN: DrainOrder = {
  ...{ by: 'bob', askedAtMs: 1, closesFromMs: 2, deadlineAtMs: 3_000, pausedAtMs: null, rate: 4, tunnels: 900, slow: null },
};

for (const [word, expected] of [
  ['start', KNOWN],
  ['pause', { ...KNOWN, pausedAtMs: new FakeClock().nowMs() }],
  ['end', null],
] as const) {
  test(`${word}, where the order before cannot be read, goes on from the last one that could, and the file is whole again`, async (t) => {
    const { runtime, take } = harness(t, KNOWN);
    writeFileSync(drainFile(runtime), '{"by":');
    assert.deepEqual(await take({ do: word, by: 'ann' }), { status: 200, value: { changed: true, draining: expected !== null } });
    assert.deepEqual(readDrain(runtime), expected);
  });
}

test('a carrier that never could read the order gives it no other deadline, and can end it', async (t) => {
  const { runtime, lines, take } = harness(t);
  writeFileSync(drainFile(runtime), '{"by":');
  for (const word of ['start', 'now', 'pause', 'resume', 'slow']) {
    const { status, value } = await take({ do: word, by: 'ann' });
    assert.equal(status, 500);
    assert.match(
      (value as { error: string }).error,
      /^an order to drain is there and cannot be read \(.*\); to end it is all that can be done$/,
    );
  }
  assert.deepEqual(lines, []);
  assert.deepEqual(await take({ do: 'end', by: 'ann' }), { status: 200, value: { changed: true, draining: false } });
  assert.equal(readDrain(runtime), null);
});

test('the first carrier that answers takes the order; without one there is none', async (t) => {
  const world = await fakeSupervision(t, 3);
  assert.equal(await orderDrain(world.runtime, systemClock, { do: 'start', by: 'ann' }), null);
  const [first, second] = [await world.carrier(1), await world.carrier(2)];
  const told = await orderDrain(world.runtime, systemClock, { do: 'start', by: 'ann' });
  assert.deepEqual(told, { status: 200, value: { changed: true, draining: true } });
  assert.deepEqual([first.orders, second.orders], [[{ do: 'start', by: 'ann' }], []]);
});

test('the others are told, and one that does not answer is not waited for', async (t) => {
  const world = await fakeSupervision(t, 2);
  await world.carrier(1);
  await tellOthers(world.runtime, systemClock, { slot: 0, generation: 1 });
  await tellOthers('/nonexistent', systemClock, { slot: 0, generation: 1 });
});
