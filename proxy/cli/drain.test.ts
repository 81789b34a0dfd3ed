import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { readDrain, writeDrain } from '../control/drain-file.ts';
import { commandClock, systemClock } from '../core/clock.ts';
import type { DrainOrder } from '../core/drain.ts';
import { ledgerFile } from '../core/runtime-files.ts';
import { type Ledger, openLedgerFile } from '../limits/ledger.ts';
import { fakeSupervision, type FakeSupervision } from '../test/support/fake-supervision.ts';
import { type FollowIo, runDrain } from './drain.ts';
import { runUndrain } from './undrain.ts';

interface Running {
  readonly ended: Promise<number>;
  readonly said: { out: string; err: string };
  readonly signal: (name: NodeJS.Signals) => void;
}

function start(command: typeof runDrain | typeof runUndrain, args: readonly string[], columns: number | null = null): Running {
  const said = { out: '', err: '' };
  const heard = new Map<NodeJS.Signals, () => void>();
  const io: FollowIo = {
    stdout: (text) => (said.out += text),
    stderr: (text) => (said.err += text),
    env: { USER: 'ann' },
    readFile: () => assert.fail('no file is read'),
    machine: { cores: 1, nofile: 1_024, uid: 4_294_967 },
    clock: commandClock,
    columns: () => columns,
    onSignal: (name, run) => heard.set(name, run),
  };
  return { ended: command(args, io), said, signal: (name) => heard.get(name)?.() };
}

function ledgerOf(t: TestContext, { runtime }: FakeSupervision, tunnels: number): Ledger {
  const limits = {
    capacity: { tunnels: 100, perCarrier: 50, nofile: 1_000_000 },
    opensPerSecond: 100,
    pending: 1,
    perSource: { pending: 1, refusalsPerSecond: 1 },
  };
  const ledger = openLedgerFile(ledgerFile(runtime), 0, limits, systemClock);
  t.after(() => ledger.close());
  for (let tunnel = 0; tunnel < tunnels; tunnel += 1) ledger.open();
  return ledger;
}

function order(more: Partial<DrainOrder> = {}): DrainOrder {
  const nowMs = systemClock.nowMs();
  const common = { by: 'ann', askedAtMs: systemClock.wallMs(), closesFromMs: nowMs, deadlineAtMs: nowMs + 1e7 };
  return { ...common, pausedAtMs: null, rate: 8, tunnels: 10, slow: null, ...more };
}

test('drain orders, follows, and ends with 0 when no tunnel is left', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(1);
  const ledger = ledgerOf(t, world, 10);
  carrier.answersWith = order();
  const { ended, said } = start(runDrain, ['--runtime', world.runtime]);
  while (!said.out.includes('closing: 0 of 10 closed')) await new Promise((resolve) => setTimeout(resolve, 10));
  for (let tunnel = 0; tunnel < 10; tunnel += 1) ledger.closed();
  assert.equal(await ended, 0);
  assert.deepEqual(carrier.orders, [{ do: 'start', by: 'ann (uid 4294967, command line)' }]);
  assert.match(
    said.out,
    /^closing: 0 of 10 closed, 8 a second, 1s left\ndrained: no tunnel is left\nDrained\. New tunnels are refused until/,
  );
  assert.equal(said.err, '');
});

test('Ctrl-C leaves the node draining, says so, and is no success', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(0);
  ledgerOf(t, world, 10);
  carrier.answersWith = order();
  const { ended, said, signal } = start(runDrain, ['--runtime', world.runtime, '--now'], 100);
  while (!said.out.includes('closing')) await new Promise((resolve) => setTimeout(resolve, 10));
  signal('SIGINT');
  assert.equal(await ended, 1);
  assert.match(said.out, /\[\.+\] 0 of 10 closed[^\n]*\nThe node goes on draining\./);
  assert.notEqual(readDrain(world.runtime), null);
});

test('somebody who ends the drain ends the command, with 1', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(0);
  ledgerOf(t, world, 10);
  carrier.answersWith = order({ closesFromMs: systemClock.nowMs() + 60_000 });
  const { ended, said } = start(runDrain, ['--runtime', world.runtime, '--json']);
  while (!said.out.includes('settling')) await new Promise((resolve) => setTimeout(resolve, 10));
  writeDrain(world.runtime, null);
  assert.equal(await ended, 1);
  const lines = said.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(Object.keys(lines[0] ?? {}).slice(0, 4), ['time', 'event', 'phase', 'by']);
  assert.deepEqual([lines[0]?.['event'], lines.at(-1)?.['event']], ['progress', 'undrained']);
});

test('an order that cannot be read for a while is not taken for one that somebody ended', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(0);
  const ledger = ledgerOf(t, world, 10);
  carrier.answersWith = {} as DrainOrder;
  const { ended, said } = start(runDrain, ['--runtime', world.runtime]);
  while (carrier.orders.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  // Its first look finds nothing that it can read; a later one does.
  await new Promise((resolve) => setTimeout(resolve, 200));
  writeDrain(world.runtime, order());
  for (let tunnel = 0; tunnel < 10; tunnel += 1) ledger.closed();
  assert.equal(await ended, 0, said.out);
});

for (const [flag, phase] of [
  ['--pause', 'paused: 0 of 10 closed'],
  ['--resume', 'closing: 0 of 10 closed, 8 a second, 1s left'],
] as const) {
  test(`drain ${flag} says how it stands, and is done`, async (t) => {
    const world = await fakeSupervision(t);
    const carrier = await world.carrier(0);
    ledgerOf(t, world, 10);
    carrier.answersWith = order({ pausedAtMs: flag === '--pause' ? systemClock.nowMs() : null });
    const { ended, said } = start(runDrain, ['--runtime', world.runtime, flag]);
    assert.equal(await ended, 0);
    assert.equal(said.out, `${phase}\n`);
    assert.equal((carrier.orders[0] as { do: string }).do, flag.slice(2));
    const asJson = start(runDrain, ['--runtime', world.runtime, flag, '--json']);
    assert.equal(await asJson.ended, 0);
    assert.equal((JSON.parse(asJson.said.out) as { tunnels: number }).tunnels, 10);
  });
}

test('undrain ends it', async (t) => {
  const world = await fakeSupervision(t);
  const carrier = await world.carrier(0);
  const { ended, said } = start(runUndrain, ['--runtime', world.runtime]);
  assert.equal(await ended, 0);
  assert.deepEqual(carrier.orders, [{ do: 'end', by: 'ann (uid 4294967, command line)' }]);
  assert.equal(said.out, 'The node takes new tunnels again.\n');
});

for (const command of [runDrain, runUndrain]) {
  test(`${command.name} where no carrier answers, or no node, is 1`, async (t) => {
    const world = await fakeSupervision(t);
    const { ended, said } = start(command, ['--runtime', world.runtime]);
    assert.equal(await ended, 1);
    assert.match(said.err, /^pinhole (?:un)?drain: no carrier answers\n$/);
    assert.equal(await start(command, ['--runtime', '/nonexistent']).ended, 1);
  });
}

for (const args of [['--now', '--pause'], ['--pause', '--resume'], ['--nope'], ['SLOT']] as const) {
  test(`drain ${args.join(' ')} is 64`, async () => {
    const { ended, said } = start(runDrain, args);
    assert.equal(await ended, 64);
    assert.match(said.err, /^pinhole drain: /);
  });
}
