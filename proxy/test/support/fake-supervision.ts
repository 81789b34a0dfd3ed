// A runtime folder with a supervisor that only tells, and carriers that only answer control: for tests of the control side in one process.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import type { DrainOrder } from '../../core/drain.ts';
import type { TunnelRow } from '../../core/ports.ts';
import { emptyRecord } from '../../core/record.ts';
import { ledgerFile, supervisorSocket } from '../../core/runtime-files.ts';
import type { SlotView, SupervisorView } from '../../core/supervision.ts';
import { type CarrierLoad, startCarrierApi } from '../../control/carrier-api.ts';
import type { CarrierMetrics } from '../../control/carrier-metrics.ts';
import { createCarrierMetrics } from '../../control/carrier-metrics.ts';
import { json } from '../../control/bounded-server.ts';
import { watchDrain, writeDrain } from '../../control/drain-file.ts';
import { createReadiness } from '../../control/readiness.ts';
import { RecentDecisions } from '../../control/recent-decisions.ts';
import { createLedger } from '../../limits/ledger-file.ts';

export interface FakeCarrier {
  readonly metrics: CarrierMetrics;
  isAccepting: boolean;
  rows: TunnelRow[];
  /** Ids of rows that were told to close before, or are being moved. */
  readonly onTheWay: Set<string>;
  load: CarrierLoad;
  readonly recent: RecentDecisions;
  /** Orders to drain that it has taken, as they came. */
  readonly orders: unknown[];
  /** What is in the file behind the next one. */
  answersWith: DrainOrder | null;
  /** Writes its counters as it does every second. */
  persist(how?: 'in haste'): Promise<void>;
  /** Ends as a kill does: nothing more is written, and the supervisor knows it no more. */
  kill(): Promise<void>;
}

export interface FakeSupervision {
  readonly runtime: string;
  view: SupervisorView;
  /** How long it takes to tell its view. */
  answersAfterMs: number;
  /** How many times more it tells it. */
  answersLeft: number;
  carrier(slot: number): Promise<FakeCarrier>;
}

export async function fakeSupervision(t: TestContext, slots = 2): Promise<FakeSupervision> {
  const runtime = mkdtempSync(join(tmpdir(), 'run-'));
  createLedger(ledgerFile(runtime), slots);
  const closing: (() => Promise<void>)[] = [];
  const world: FakeSupervision = {
    runtime,
    view: viewOf(slots),
    answersAfterMs: 0,
    answersLeft: Number.POSITIVE_INFINITY,
    carrier: (slot) => startCarrier(world, slot, closing),
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (world.answersLeft <= 0) return void socket.destroy();
    world.answersLeft -= 1;
    setTimeout(() => socket.end(JSON.stringify(world.view)), world.answersAfterMs);
  });
  await new Promise<void>((resolve) => server.listen(supervisorSocket(runtime), resolve));
  t.after(async () => {
    for (const close of closing) await close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(runtime, { recursive: true });
  });
  return world;
}

function viewOf(slots: number): SupervisorView {
  const address = { host: '127.0.0.1', port: 1 };
  return {
    pid: 1,
    node: 'n',
    version: 'v',
    generation: 1,
    generations: [
      { generation: 1, version: 'v', from: '/opt/pinhole', state: 'current', sinceMs: systemClock.wallMs() - 5_000, deadlineAtMs: null },
    ],
    startedMs: systemClock.wallMs() - 5_000,
    stopping: false,
    listeners: [{ name: 'l', ...address }],
    health: address,
    admin: address,
    slots: Array.from({ length: slots }, (_, slot) => ({
      generation: 1,
      slot,
      row: slot,
      state: 'down',
      pid: null,
      policyVersion: null,
      restarts: 0,
    })),
    control: { state: 'ready', pid: 2, policyVersion: 'p', restarts: 0 },
    capacity: { configured: 100, tunnels: 100, perCarrier: 50, carriers: slots, nofile: 356, binds: 'limits.tunnels' },
    configuration: { file: '/etc/pinhole.yaml', policyVersion: 'p', sinceMs: systemClock.wallMs() - 5_000, failed: 0, last: null },
  };
}

function setSlot(world: FakeSupervision, slot: number, change: Partial<SlotView>): void {
  const slots = world.view.slots.map((view) => (view.slot === slot ? { ...view, ...change } : view));
  world.view = { ...world.view, slots };
}

let runs = 0;

/** Every carrier of a test is this one process; what tells their runs apart is when they started. */
async function startCarrier(world: FakeSupervision, slot: number, closing: (() => Promise<void>)[]): Promise<FakeCarrier> {
  runs += 1;
  const startedMs = 1_000_000 + runs;
  const { runtime } = world;
  const metrics = createCarrierMetrics({ settings: { relay: 'node' }, clock: { ...systemClock, wallMs: () => startedMs } });
  const watch = watchDrain({ runtime, clock: systemClock, log: { error: () => {} } });
  const readiness = createReadiness({ runtime, clock: systemClock, drain: watch });
  readiness.setAccepting(true);
  const carrier: FakeCarrier = {
    metrics,
    isAccepting: true,
    rows: [],
    onTheWay: new Set(),
    load: { eventLoopDelayS: 0, descriptorsFree: 1, resolver: 'answering', shedding: [], upstreams: {} },
    recent: new RecentDecisions(systemClock),
    orders: [],
    answersWith: null,
    persist: (how) => metrics.persist(runtime, { generation: 1, slot }, how === 'in haste'),
    async kill() {
      setSlot(world, slot, { state: 'down', pid: null });
      await api.close();
    },
  };
  const api = await startCarrierApi({
    log: { info: () => {} },
    clock: systemClock,
    runtime,
    sessions: {
      tunnels: () => carrier.rows.length,
      pending: () => 0,
      page: (limit, after) => {
        const next = after + limit < carrier.rows.length ? after + limit : null;
        return { rows: carrier.rows.slice(after, after + limit), next };
      },
      groups: () => {
        const [oldest] = carrier.rows;
        return oldest ? [{ tenant: '', tunnels: carrier.rows.length, oldestMs: systemClock.nowMs() - oldest.ageMs }] : [];
      },
      open: () =>
        carrier.rows.map((row) => ({
          startMs: systemClock.nowMs() - row.ageMs,
          isOver: false,
          record: { tenant: row.tenant, client_ip: row.client, target_host: row.target, target_port: 443 },
          bytes: row.bytesUp + row.bytesDown,
          row: () => row,
        })),
      find: (id) => {
        const row = carrier.rows.find((candidate) => candidate.id === id);
        return row ? { ...row, record: emptyRecord(id, 'l', { address: '127.0.0.1', port: 1 }) } : null;
      },
      closeOldest: (_tenant, count) => carrier.rows.splice(0, count).length,
      closeSome: (count) => carrier.rows.splice(0, count).length,
      closeIds(ids) {
        const told = carrier.rows.map(({ id }) => id).filter((id) => ids.has(id));
        const onTheWay = told.filter((id) => carrier.onTheWay.has(id));
        const closed = told.filter((id) => !carrier.onTheWay.has(id));
        carrier.rows = carrier.rows.filter(({ id }) => !closed.includes(id));
        return { closed, onTheWay };
      },
    },
    readiness,
    move: { start: () => null, view: () => null },
    drain: {
      async take(body) {
        carrier.orders.push(body);
        writeDrain(runtime, carrier.answersWith);
        watch.look();
        return json(200, { changed: true, draining: true });
      },
      changed: () => watch.look(),
    },
    metrics: () => metrics.snapshot(),
    load: () => carrier.load,
    recent: carrier.recent,
    explain: () => ({ allow: true, reason: 'OK', wouldDeny: [], steps: [] }),
    info: {
      slot,
      generation: 1,
      relay: 'node',
      settings: () => ({ node: { name: 'n', publicAddresses: [] }, policyVersion: 'p' }),
      isAccepting: () => carrier.isAccepting,
    },
  });
  closing.push(() => api.close());
  setSlot(world, slot, { state: 'ready', pid: process.pid });
  return carrier;
}
