// A tenant's limits over all carriers of a node, by the ledger itself.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FaultCode } from '../core/fault.ts';
import { tenantLedgerFile } from '../core/runtime-files.ts';
import type { TenantPlace } from '../core/tenant.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { clearRow, createLedger } from './ledger-file.ts';
import { type Ledger, type LedgerLimits, openLedgerFile } from './ledger.ts';

const ROWS = 8;
const ROOMY: LedgerLimits = {
  capacity: { tunnels: 100_000, perCarrier: 100_000, nofile: 1_000_000 },
  opensPerSecond: 100_000,
  pending: 1_000,
  perSource: { pending: 1_000, refusalsPerSecond: 1_000 },
};

function harness(t: TestContext, limits: Partial<LedgerLimits> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tenants-'));
  const file = join(folder, 'ledger');
  const clock = new FakeClock();
  clock.advance(5_000_000 - clock.nowMs());
  createLedger(file, ROWS);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const carrier = (row: number): Ledger => openLedgerFile(file, row, { ...ROOMY, ...limits }, clock);
  return { file, clock, carrier };
}

function tenant(place: number, limits: Partial<TenantPlace> = {}): TenantPlace {
  return { place, tunnels: null, opensPerSecond: null, isOneOfMany: false, ...limits };
}

/** As tunnel/tunnel.ts asks. */
function open(ledger: Ledger, of: TenantPlace): FaultCode | null {
  return ledger.tenantLimit(of) ?? ledger.open(of);
}

function opened(count: number, ledger: (index: number) => Ledger, of: TenantPlace): number {
  return Array.from({ length: count }, (_, index) => open(ledger(index), of)).filter((code) => code === null).length;
}

test('a tenant is full at the sum of all carriers, and nobody else is', (t) => {
  const { carrier } = harness(t);
  const carriers = Array.from({ length: 5 }, (_, row) => carrier(row));
  const acme = tenant(3, { tunnels: 100 });
  assert.equal(
    opened(300, (index) => carriers[index % 5] ?? assert.fail(), acme),
    100,
  );
  for (const one of carriers) assert.equal(open(one, acme), 'TENANT_TUNNELS_FULL');
  for (const place of [2, 4]) assert.equal(open(carriers[0] ?? assert.fail(), tenant(place, { tunnels: 1 })), null);
});

test('a closed tunnel makes room on every carrier, and so does a carrier that dies', (t) => {
  const { file, carrier } = harness(t);
  const [first, second] = [carrier(0), carrier(1)];
  const acme = tenant(0, { tunnels: 3 });
  assert.deepEqual(
    [open(first, acme), open(first, acme), open(second, acme), open(second, acme)],
    [null, null, null, 'TENANT_TUNNELS_FULL'],
  );
  first.closed(acme);
  assert.deepEqual([open(second, acme), open(first, acme)], [null, 'TENANT_TUNNELS_FULL']);
  clearRow(file, 1);
  assert.deepEqual([open(first, acme), open(first, acme), open(first, acme)], [null, null, 'TENANT_TUNNELS_FULL']);
});

test('what an earlier carrier left in a row counts for nothing', (t) => {
  const { file, carrier } = harness(t);
  const acme = tenant(7, { tunnels: 2 });
  const other = carrier(0);
  const dead = carrier(1);
  assert.deepEqual([open(dead, acme), open(dead, acme), open(other, acme)], [null, null, 'TENANT_TUNNELS_FULL']);
  clearRow(file, 1);
  const next = carrier(1);
  assert.equal(open(other, acme), null);
  assert.deepEqual([open(next, acme), open(next, acme)], [null, 'TENANT_TUNNELS_FULL']);
});

test('opens per second hold over all carriers, and are there again a second later', (t) => {
  const { clock, carrier } = harness(t);
  const carriers = [carrier(0), carrier(1)];
  const acme = tenant(9_999, { opensPerSecond: 20 });
  const burst = (): number => opened(100, (index) => carriers[index % 2] ?? assert.fail(), acme);
  assert.equal(burst(), 20);
  assert.equal(open(carriers[0] ?? assert.fail(), acme), 'TENANT_RATE_LIMITED');
  clock.advance(500);
  assert.equal(burst(), 0);
  clock.advance(600);
  assert.equal(burst(), 20);
});

test('never more than the limit within any second, however it is spread', (t) => {
  const { clock, carrier } = harness(t);
  const carriers = [carrier(0), carrier(1), carrier(2)];
  const acme = tenant(1, { opensPerSecond: 30 });
  const atMs: number[] = [];
  for (let step = 0; step < 400; step += 1) {
    clock.advance(13);
    if (open(carriers[step % 3] ?? assert.fail(), acme) === null) atMs.push(clock.nowMs());
  }
  for (const from of atMs) {
    const within = atMs.filter((at) => at >= from && at < from + 1_000).length;
    // One open per carrier, and what stands half in a bucket of 100 ms.
    assert.ok(within <= 30 + 3, `${within} from ${from}`);
  }
  assert.ok(atMs.length >= 30 * 4, `${atMs.length} in 5.2 s`);
});

test('what the tenant’s limits refuse is charged to nobody, and what the node’s refuse to no tenant', (t) => {
  const { carrier } = harness(t, { capacity: { tunnels: 2, perCarrier: 100, nofile: 1_000_000 } });
  const ledger = carrier(0);
  const full = tenant(0, { tunnels: 1 });
  const other = tenant(1, { opensPerSecond: 2 });
  assert.deepEqual([open(ledger, full), open(ledger, full)], [null, 'TENANT_TUNNELS_FULL']);
  assert.equal(ledger.tunnels(), 1);
  assert.deepEqual([open(ledger, other), open(ledger, other), open(ledger, other)], [null, 'NODE_FULL', 'NODE_FULL']);
  ledger.closed(full);
  assert.equal(open(ledger, other), null);
});

test('a tunnel that is moved here counts for its tenant, and is no open', (t) => {
  const { carrier } = harness(t);
  const ledger = carrier(0);
  const acme = tenant(0, { tunnels: 1, opensPerSecond: 1 });
  assert.equal(ledger.movedHere(acme), true);
  assert.equal(open(ledger, acme), 'TENANT_TUNNELS_FULL');
  ledger.closed(acme);
  assert.equal(open(ledger, acme), null);
});

test('a storm of one tenant, or of two, leaves opens of the node to the others', (t) => {
  const { clock, carrier } = harness(t, { opensPerSecond: 1_000 });
  const carriers = [carrier(0), carrier(1)];
  const of = (index: number): Ledger => carriers[index % 2] ?? assert.fail();
  const [first, second, quiet] = [tenant(0, { isOneOfMany: true }), tenant(1, { isOneOfMany: true }), tenant(2, { isOneOfMany: true })];
  assert.equal(opened(3_000, of, first), 800);
  assert.equal(opened(40, of, quiet), 40);
  clock.advance(2_000);
  let each = 0;
  for (let index = 0; index < 3_000; index += 1) for (const one of [first, second]) if (open(of(index), one) === null) each += 1;
  assert.ok(each >= 870 && each <= 900, `${each}`);
  assert.equal(opened(50, of, quiet), 50);
});

test('a tenant that is alone on the node may have all of its opens', (t) => {
  const { carrier } = harness(t, { opensPerSecond: 100 });
  const ledger = carrier(0);
  assert.equal(
    opened(200, () => ledger, tenant(0)),
    100,
  );
});

test('a node without tenants makes no such file', (t) => {
  const { file, carrier } = harness(t);
  const ledger = carrier(0);
  ledger.open();
  ledger.closed();
  assert.equal(existsSync(tenantLedgerFile(file)), false);
  open(ledger, tenant(0));
  assert.equal(existsSync(tenantLedgerFile(file)), true);
});

test('where the file cannot be had a carrier goes on with its own counts, and says so', (t) => {
  const { file, carrier } = harness(t);
  const ledger = carrier(0);
  carrier(1);
  const acme = tenant(0, { tunnels: 1 });
  rmSync(dirname(file), { recursive: true });
  assert.deepEqual([open(ledger, acme), open(ledger, acme)], [null, 'TENANT_TUNNELS_FULL']);
  assert.ok(ledger.ioFaults() > 0);
});
