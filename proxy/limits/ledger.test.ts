import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { FakeClock } from '../test/support/fake-clock.ts';
import { readLedger } from './ledger-view.ts';
import type { Ledger, LedgerLimits } from './ledger.ts';
import { openLedgerFile } from './ledger.ts';
import { clearRow, createLedger, readRows, ROW, rowOffset } from './ledger-file.ts';

const ROWS = 4;
const SOURCE = '198.51.100.7';
const OTHER = '198.51.100.8';
const ROOMY: LedgerLimits = {
  capacity: { tunnels: 1_000, perCarrier: 1_000, nofile: 1_000_000 },
  opensPerSecond: 100_000,
  pending: 1_000,
  perSource: { pending: 1_000, refusalsPerSecond: 1_000 },
};

interface Harness {
  readonly file: string;
  readonly clock: FakeClock;
  carrier(row: number): Ledger;
}

function harness(t: TestContext, limits: Partial<LedgerLimits>, rows = ROWS): Harness {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  const file = join(folder, 'ledger');
  const clock = new FakeClock();
  clock.advance(5_000_000 - clock.nowMs());
  const opened: Ledger[] = [];
  createLedger(file, rows);
  t.after(() => {
    for (const ledger of opened) ledger.close();
    rmSync(folder, { recursive: true });
  });
  return {
    file,
    clock,
    carrier(row) {
      const ledger = openLedgerFile(file, row, { ...ROOMY, ...limits }, clock);
      opened.push(ledger);
      return ledger;
    },
  };
}

function times<T>(count: number, run: () => T): T[] {
  return Array.from({ length: count }, run);
}

test('the node is full at the sum of all carriers', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 5, perCarrier: 1_000, nofile: 1_000_000 } });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(3, () => first.open()),
    [null, null, null],
  );
  assert.deepEqual(
    times(3, () => second.open()),
    [null, null, 'NODE_FULL'],
  );
  assert.equal(first.open(), 'NODE_FULL');
});

test('a closed tunnel makes room on every carrier', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 2, perCarrier: 1_000, nofile: 1_000_000 } });
  const [first, second] = [carrier(0), carrier(1)];
  times(2, () => first.open());
  assert.equal(second.open(), 'NODE_FULL');
  first.closed();
  assert.equal(second.open(), null);
});

test('a carrier is full at its own share of descriptors while the node has room', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 100, perCarrier: 2, nofile: 1_000_000 } });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(3, () => first.open()),
    [null, null, 'NODE_FULL'],
  );
  assert.equal(second.open(), null);
});

test('a tunnel that is moved is no open, is never refused for the node, and is counted once when its last holder has given it up', (t) => {
  const { carrier, file } = harness(t, { capacity: { tunnels: 2, perCarrier: 3, nofile: 1_000_000 }, opensPerSecond: 2 });
  const [first, second] = [carrier(0), carrier(1)];
  times(2, () => first.open());
  assert.equal(second.movedHere(), true, 'the node is full, of this very tunnel');
  assert.equal(second.tunnels(), 3, 'for a moment it is counted at both');
  first.closed();
  assert.deepEqual([first.tunnels(), second.tunnels(), first.opensPerSecond()], [2, 2, 2]);
  assert.deepEqual(
    readRows(file).map(({ tunnels }) => tunnels),
    [1, 1, 0, 0],
  );
  assert.equal(second.open(), 'NODE_FULL');
});

test('a carrier takes no more tunnels than it has descriptors for', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 100, perCarrier: 2, nofile: 1_000_000 } });
  const only = carrier(0);
  assert.deepEqual(
    times(3, () => only.movedHere()),
    [true, true, false],
  );
  assert.equal(only.tunnels(), 2);
});

test('opens per second are counted over all carriers, and come back a second later', (t) => {
  const { carrier, clock } = harness(t, { opensPerSecond: 4 });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(2, () => first.open()),
    [null, null],
  );
  assert.deepEqual(
    times(3, () => second.open()),
    [null, null, 'NODE_RATE_LIMITED'],
  );
  assert.equal(first.opensPerSecond(), 4);
  clock.advance(900);
  assert.equal(first.open(), 'NODE_RATE_LIMITED');
  clock.advance(200);
  assert.equal(first.open(), null);
});

test('a refused open is not charged', (t) => {
  const { carrier, clock } = harness(t, { opensPerSecond: 1 });
  const only = carrier(0);
  assert.equal(only.open(), null);
  for (let step = 0; step < 20; step += 1) {
    clock.advance(50);
    only.open();
  }
  clock.advance(100);
  assert.equal(only.open(), null);
});

test('pending connections are limited over all carriers', (t) => {
  const { carrier } = harness(t, { pending: 3 });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(2, () => first.pendingStarted(SOURCE)),
    [true, true],
  );
  assert.deepEqual(
    times(2, () => second.pendingStarted(OTHER)),
    [true, false],
  );
  first.pendingEnded(SOURCE);
  assert.equal(second.pendingStarted(OTHER), true);
});

test('one source has its own share of pending connections over all carriers, and another source is not touched by it', (t) => {
  const { carrier } = harness(t, { perSource: { pending: 3, refusalsPerSecond: 10 } });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(2, () => first.pendingStarted(SOURCE)),
    [true, true],
  );
  assert.deepEqual(
    times(2, () => second.pendingStarted(SOURCE)),
    [true, false],
  );
  assert.equal(second.pendingStarted(OTHER), true);
  first.pendingEnded(SOURCE);
  assert.equal(second.pendingStarted(SOURCE), true);
});

test('what a lone carrier kept in memory is seen by one that comes later', (t) => {
  const { carrier, clock } = harness(t, { perSource: { pending: 3, refusalsPerSecond: 3 } });
  const first = carrier(0);
  times(3, () => first.pendingStarted(SOURCE));
  times(3, () => first.refused(SOURCE));
  const second = carrier(1);
  clock.advance(100);
  first.pendingStarted(OTHER);
  assert.equal(second.pendingStarted(SOURCE), false);
  assert.equal(second.refused(SOURCE), false);
  assert.equal(second.pendingStarted(OTHER), true);
});

test('what changed while a carrier was alone again is seen too', (t) => {
  const { carrier, clock, file } = harness(t, { perSource: { pending: 2, refusalsPerSecond: 10 } });
  const first = carrier(0);
  carrier(1);
  clock.advance(100);
  times(2, () => first.pendingStarted(SOURCE));
  clearRow(file, 1);
  clock.advance(100);
  first.open();
  times(2, () => first.pendingEnded(SOURCE));
  const later = carrier(2);
  first.open();
  assert.deepEqual(
    times(3, () => later.pendingStarted(SOURCE)),
    [true, true, false],
  );
});

test('refusals per second are counted over all carriers and forgotten two seconds later', (t) => {
  const { carrier, clock } = harness(t, { perSource: { pending: 10, refusalsPerSecond: 4 } });
  const [first, second] = [carrier(0), carrier(1)];
  assert.deepEqual(
    times(3, () => first.refused(SOURCE)),
    [true, true, true],
  );
  assert.deepEqual(
    times(2, () => second.refused(SOURCE)),
    [true, false],
  );
  assert.equal(second.refused(OTHER), true);
  clock.advance(2_000);
  assert.equal(first.refused(SOURCE), true);
});

test("a dead carrier's tunnels, opens and sources count no more once its row is cleared", (t) => {
  const { carrier, file } = harness(t, {
    capacity: { tunnels: 3, perCarrier: 9, nofile: 1_000_000 },
    opensPerSecond: 3,
    perSource: { pending: 1, refusalsPerSecond: 1 },
  });
  const [dead, alive] = [carrier(0), carrier(1)];
  times(3, () => dead.open());
  dead.pendingStarted(SOURCE);
  dead.refused(SOURCE);
  assert.equal(readRows(file)[0]?.tunnels, 3);
  assert.equal(alive.open(), 'NODE_FULL');
  assert.equal(alive.pendingStarted(SOURCE), false);

  clearRow(file, 0);
  assert.equal(alive.open(), null);
  assert.equal(alive.pendingStarted(SOURCE), true);
  assert.equal(alive.refused(SOURCE), true);
});

test('a carrier that takes over a cleared row starts from nothing', (t) => {
  const { carrier, file } = harness(t, { perSource: { pending: 1, refusalsPerSecond: 1 } });
  const [dead, alive] = [carrier(0), carrier(1)];
  dead.open();
  dead.pendingStarted(SOURCE);
  dead.refused(SOURCE);
  clearRow(file, 0);
  const next = carrier(0);
  assert.equal(alive.pendingStarted(SOURCE), true);
  assert.equal(alive.refused(SOURCE), true);
  assert.equal(next.tunnels(), 0);
});

test('garbage in the row of another carrier makes it full at most', (t) => {
  const { carrier, file } = harness(t, { capacity: { tunnels: 20, perCarrier: 10, nofile: 1_000_000 } });
  const only = carrier(0);
  const fd = openSync(file, 'r+');
  const garbage = new Uint32Array(ROW.words).fill(0xffffffff);
  garbage[ROW.inUse] = 1;
  writeSync(fd, garbage, 0, garbage.byteLength, rowOffset(2));
  closeSync(fd);
  assert.deepEqual(
    times(10, () => only.open()),
    times(10, () => null),
  );
  assert.equal(only.open(), 'NODE_FULL');
});

test('limits that change hold at once for what they are asked about, over the same counts', (t) => {
  const before = { capacity: { tunnels: 2, perCarrier: 10, nofile: 1_024 }, pending: 1, perSource: { pending: 1, refusalsPerSecond: 1 } };
  const { carrier } = harness(t, before);
  const [first, second] = [carrier(0), carrier(1)];
  const roomy = first.under({ ...ROOMY, capacity: { tunnels: 3, perCarrier: 10, nofile: 1_024 } });
  times(2, () => second.open());
  assert.deepEqual([first.open(), roomy.open(), roomy.open()], ['NODE_FULL', null, 'NODE_FULL']);
  roomy.closed();
  first.closed();
  assert.deepEqual([roomy.tunnels(), second.tunnels()], [2, 2]);

  assert.equal(first.pendingStarted(SOURCE), true);
  assert.deepEqual([first.pendingStarted(SOURCE), first.isPendingFull(), roomy.isPendingFull()], [false, true, false]);
  assert.equal(roomy.pendingStarted(SOURCE), true);
  roomy.pendingEnded(SOURCE);
  first.pendingEnded(SOURCE);
  assert.equal(second.pending(), 0);

  assert.deepEqual([first.refused(SOURCE), first.refused(SOURCE), roomy.refused(SOURCE)], [true, false, true]);
});

test('a ledger that cannot be read any more does not refuse: the carrier goes on with its own counts', (t) => {
  const { carrier, file } = harness(t, { capacity: { tunnels: 2, perCarrier: 10, nofile: 1_000_000 } });
  const [first, second] = [carrier(0), carrier(1)];
  times(2, () => first.open());
  assert.equal(second.open(), 'NODE_FULL');
  assert.equal(second.ioFaults(), 0);
  truncateSync(file, 0);
  assert.deepEqual(
    times(3, () => second.open()),
    [null, null, 'NODE_FULL'],
  );
  assert.equal(second.ioFaults() > 0, true);
});

test('a row that the ledger does not have is an error, and so is a file that is no ledger', (t) => {
  const { file, clock } = harness(t, {});
  assert.throws(() => openLedgerFile(file, ROWS, ROOMY, clock), /no row 4/);
  assert.throws(() => clearRow(file, ROWS), /no row 4/);
  writeFileSync(file, 'not a ledger at all');
  assert.throws(() => openLedgerFile(file, 0, ROOMY, clock), /not a ledger/);
});

test('onlookers see the node, without the rows that are not in use', (t) => {
  const { carrier, file, clock } = harness(t, {});
  const [first, second] = [carrier(0), carrier(1)];
  times(3, () => first.open());
  times(2, () => second.open());
  assert.deepEqual(readLedger(file, clock.nowMs()), { tunnels: 5, opensPerSecond: 5 });
  clearRow(file, 0);
  assert.deepEqual(readLedger(file, clock.nowMs()), { tunnels: 2, opensPerSecond: 2 });
});

test('a node with one row holds its limits without reading the file', (t) => {
  const { carrier } = harness(
    t,
    { capacity: { tunnels: 2, perCarrier: 10, nofile: 1_000_000 }, perSource: { pending: 1, refusalsPerSecond: 1 } },
    1,
  );
  const only = carrier(0);
  assert.deepEqual(
    times(3, () => only.open()),
    [null, null, 'NODE_FULL'],
  );
  assert.deepEqual(
    times(2, () => only.pendingStarted(SOURCE)),
    [true, false],
  );
  assert.deepEqual(
    times(2, () => only.refused(SOURCE)),
    [true, false],
  );
});

test('a tunnel that comes from another carrier takes a place of a full node, but none that the carrier has not under the limits of now', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 2, perCarrier: 2, nofile: 1_024 }, opensPerSecond: 2 });
  const [first, second] = [carrier(0), carrier(1)];
  times(2, () => first.open());
  assert.deepEqual([second.open(), second.movedHere(), second.movedHere(), second.movedHere()], ['NODE_FULL', true, true, false]);
  assert.equal(second.under({ ...ROOMY, capacity: { tunnels: 3, perCarrier: 3, nofile: 1_024 } }).movedHere(), true);
  times(2, () => first.closed());
  assert.equal(second.tunnels(), 3);
});
