import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrainOrder } from '../core/drain.ts';
import type { TunnelGroup } from '../core/ports.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { DrainPacer } from './drain-pacer.ts';
import type { PaceView } from './drain-view.ts';

interface Tunnel {
  readonly tenant: string;
  readonly startMs: number;
}

interface Closed extends Tunnel {
  readonly atMs: number;
  readonly slot: number;
}

const TICK_MS = 5;

/** A node of so many carriers, each with a pacer of its own; its carriers are arrays, and one lock is for all of them. */
class Node {
  readonly clock = new FakeClock();
  readonly carriers: Tunnel[][];
  readonly closed: Closed[] = [];
  readonly lines: { readonly event: string; readonly [field: string]: unknown }[] = [];
  readonly pacers: DrainPacer[];
  order: DrainOrder | null = null;
  troubles = 0;
  holder: number | null = null;
  wasStale = false;
  isFolderGone = false;
  /** Slots that do not answer. */
  readonly silent = new Set<number>();
  view: (() => PaceView) | null = null;

  constructor(carriers: number) {
    this.carriers = Array.from({ length: carriers }, () => []);
    this.pacers = this.carriers.map((_, slot) => this.pacerOf(slot));
    for (const pacer of this.pacers) pacer.start();
  }

  pacerOf(slot: number): DrainPacer {
    return new DrainPacer({
      clock: this.clock,
      random: Math.random,
      slot,
      log: { info: (fields) => this.#wrote(fields), warn: (fields) => this.#wrote(fields), error: (fields) => this.#wrote(fields) },
      order: () => this.order,
      takeLock: async (view) => {
        if (this.isFolderGone) throw new Error('ENOSPC: no space left on device');
        if (this.holder !== null) return null;
        this.holder = slot;
        this.view = view;
        return { wasStale: this.wasStale, release: () => (this.holder = null) };
      },
      groups: async () => new Map(this.carriers.flatMap((_, of) => (this.silent.has(of) ? [] : [[of, this.#groups(of)] as const]))),
      close: async (of, tenant, count) => this.#close(of, tenant, count),
      tunnels: () => this.left,
      troubles: async () => this.troubles,
    });
  }

  get left(): number {
    return this.carriers.reduce((sum, tunnels) => sum + tunnels.length, 0);
  }

  #wrote(fields: object): void {
    this.lines.push(fields as { event: string });
  }

  #groups(slot: number): TunnelGroup[] {
    const groups = Map.groupBy(this.carriers[slot] ?? [], ({ tenant }) => tenant);
    return [...groups].map(([tenant, tunnels]) => ({ tenant, tunnels: tunnels.length, oldestMs: tunnels[0]?.startMs ?? 0 }));
  }

  #close(slot: number, tenant: string, count: number): TunnelGroup[] | null {
    if (this.silent.has(slot)) return null;
    const tunnels = this.carriers[slot] ?? [];
    for (const tunnel of tunnels.filter((candidate) => candidate.tenant === tenant).slice(0, count)) {
      tunnels.splice(tunnels.indexOf(tunnel), 1);
      this.closed.push({ ...tunnel, slot, atMs: this.clock.nowMs() });
    }
    return this.#groups(slot);
  }

  /** Spread over the carriers by chance, oldest first in each. */
  open(count: number, tenant: (index: number) => string = () => ''): void {
    for (let index = 0; index < count; index += 1)
      this.carriers[Math.floor(Math.random() * this.carriers.length)]?.push({ tenant: tenant(index), startMs: index });
  }

  /** As they are told where an order is given. */
  drain(more: Partial<DrainOrder> = {}): void {
    this.drainUntold(more);
    for (const pacer of this.pacers) void pacer.look();
  }

  drainUntold(more: Partial<DrainOrder> = {}): void {
    const nowMs = this.clock.nowMs();
    const order = { by: 'ann', askedAtMs: 1, closesFromMs: nowMs, deadlineAtMs: nowMs + 7_200_000, pausedAtMs: null, slow: null };
    this.order = { ...order, rate: 40, tunnels: this.left, ...more };
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.clock.advance(TICK_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The most in any second. */
  most(from = 0): number {
    const moments = this.closed.slice(from).map(({ atMs }) => atMs);
    return Math.max(0, ...moments.map((first) => moments.filter((moment) => moment >= first && moment < first + 1_000).length));
  }

  events(): string[] {
    return this.lines.map(({ event }) => event);
  }
}

for (const carriers of [1, 2, 7]) {
  test(`${carriers} carriers close at the node's rate together, never more, the oldest of the node first`, async () => {
    const node = new Node(carriers);
    node.open(200);
    node.drain();
    await node.pass(3_000);
    assert.ok(node.closed.length > 85 && node.closed.length <= 120, `${node.closed.length} in three seconds`);
    await node.pass(3_500);
    assert.equal(node.left, 0);
    assert.ok(node.most() <= 40, `${node.most()} in a second`);
    assert.deepEqual(
      node.closed.map(({ startMs }) => startMs),
      Array.from({ length: 200 }, (_, index) => index),
    );
    assert.deepEqual(node.events(), ['drained']);
  });
}

test('an order that nobody was told of is found within a second', async () => {
  const node = new Node(2);
  node.open(200);
  await node.pass(3_300);
  node.drainUntold();
  await node.pass(1_500);
  assert.ok(node.closed.length > 0);
  await node.pass(6_000);
  assert.equal(node.left, 0);
  assert.ok(node.most() <= 40, `${node.most()} in a second`);
});

test('a carrier that has not started, or has stopped, keeps no pace though it is told of an order', async () => {
  const node = new Node(0);
  node.carriers.push([{ tenant: '', startMs: 0 }]);
  const pacer = node.pacerOf(0);
  node.pacers.push(pacer);
  node.drain();
  await node.pass(2_000);
  assert.equal(node.holder, null);
  pacer.start();
  node.drain();
  await node.pass(100);
  assert.equal(node.holder, 0);
  pacer.stop();
  node.drain();
  await node.pass(2_000);
  assert.equal(node.holder, null);
});

test('tenants are emptied together, each by its share, and each oldest first', async () => {
  const node = new Node(3);
  node.open(300, (index) => (index % 6 === 0 ? 'small' : 'large'));
  node.drain({ rate: 50 });
  await node.pass(3_600);
  const small = node.closed.filter(({ tenant }) => tenant === 'small');
  const share = small.length / node.closed.length;
  assert.ok(share > 0.05 && share < 0.32, `${share} of those closed were of the tenant that has a sixth`);
  for (const tenant of ['small', 'large']) {
    const starts = node.closed.filter((closed) => closed.tenant === tenant).map(({ startMs }) => startMs);
    assert.deepEqual(
      starts,
      starts.toSorted((a, b) => a - b),
    );
  }
});

test('nothing is closed while it settles, nor in a pause, nor behind its end', async () => {
  const node = new Node(2);
  node.open(400);
  node.drain({ closesFromMs: node.clock.nowMs() + 2_000 });
  await node.pass(1_990);
  assert.equal(node.closed.length, 0);
  await node.pass(1_010);
  const before = node.closed.length;
  assert.ok(before > 10, `${before} in the first second`);

  node.order = { ...(node.order ?? assert.fail()), pausedAtMs: node.clock.nowMs() };
  await node.pass(5_000);
  assert.equal(node.closed.length, before);
  node.drain();
  await node.pass(1_000);
  assert.ok(node.closed.length > before + 10);

  node.order = null;
  const after = node.closed.length;
  await node.pass(2_000);
  assert.equal(node.closed.length, after);
  assert.equal(node.holder, null, 'nobody keeps the pace of nothing');
  assert.ok(node.most() <= 40);
});

test('when the carrier that keeps the pace dies, another one takes over, a second later', async () => {
  const node = new Node(3);
  node.open(300);
  node.drain();
  await node.pass(2_000);
  const dead = node.holder ?? assert.fail('nobody keeps the pace');
  const before = node.closed.length;
  node.pacers[dead]?.stop();
  node.silent.add(dead);
  node.wasStale = true;
  await node.pass(900);
  assert.equal(node.closed.length, before);
  await node.pass(2_000);
  assert.notEqual(node.holder, dead);
  assert.ok(node.closed.length > before + 30);
  assert.ok(node.most() <= 40);
  assert.ok(node.closed.slice(before).every(({ slot }) => slot !== dead));
});

test('so it does where the lock of the dead one has been cleared away already', async () => {
  const node = new Node(2);
  node.open(200);
  node.drain();
  await node.pass(2_000);
  const before = node.closed.length;
  node.pacers[node.holder ?? 0]?.stop();
  await node.pass(990);
  assert.equal(node.closed.length, before);
  await node.pass(1_500);
  assert.ok(node.closed.length > before + 10);
  assert.ok(node.most() <= 40);
});

test('a carrier that does not answer for a while is closed later, and nothing is made up for', async () => {
  const node = new Node(2);
  node.open(200);
  node.silent.add(1);
  node.drain();
  await node.pass(4_000);
  assert.ok(node.closed.every(({ slot }) => slot === 0));
  node.silent.delete(1);
  await node.pass(4_000);
  assert.equal(node.left, 0);
  assert.ok(node.most() <= 40);
});

test('a deadline that would be missed makes it faster, evenly from the beginning, and says why', async () => {
  const node = new Node(2);
  node.open(600);
  node.drain({ rate: 10, deadlineAtMs: node.clock.nowMs() + 20_000 });
  await node.pass(1_000);
  const pace = node.view?.();
  assert.equal(pace?.why, 'to be done by drain.deadline');
  assert.ok((pace?.rate ?? 0) > 34 && (pace?.rate ?? 0) < 42, `${pace?.rate} a second`);
  await node.pass(19_000);
  assert.equal(node.left, 0);
  assert.ok(node.most() < 60, `${node.most()} in a second`);
});

test('what a deadline has left is closed within a second of it', async () => {
  const node = new Node(1);
  node.open(300);
  node.drain({ rate: 1, deadlineAtMs: node.clock.nowMs() });
  await node.pass(2_500);
  assert.equal(node.left, 0);
});

test('trouble halves the pace, down to an eighth; calm brings it back', async () => {
  const node = new Node(2);
  node.open(20_000);
  node.drain({ rate: 40 });
  await node.pass(6_000);
  assert.equal(node.view?.().rate, 40);
  const trouble = setTrouble(node);
  await node.pass(21_000);
  assert.deepEqual(node.view?.(), { carrier: node.holder, rate: 5, why: '200 refused, failed or lost a second' });
  const slow = node.closed.length;
  await node.pass(2_000);
  assert.ok(node.closed.length - slow <= 10);
  assert.deepEqual(node.events(), ['drain-slower', 'drain-slower', 'drain-slower']);
  trouble.stop();
  await node.pass(60_000);
  assert.equal(node.view?.().rate, 40);
  assert.equal(node.view?.().why, null);
  assert.deepEqual(node.events().slice(3), ['drain-faster', 'drain-faster', 'drain-faster']);
});

test('somebody who sees more may ask to go slower, and is not heard for ever', async () => {
  const node = new Node(1);
  node.open(5_000);
  node.drain({ rate: 40, slow: { untilMs: node.clock.nowMs() + 9_000, why: 'eu-1b refuses' } });
  await node.pass(8_000);
  assert.deepEqual(node.view?.(), { carrier: 0, rate: 10, why: 'eu-1b refuses' });
  await node.pass(40_000);
  assert.equal(node.view?.().rate, 40);
});

test('where the lock cannot be taken that is said once, and tried again', async () => {
  const node = new Node(1);
  node.open(20);
  node.isFolderGone = true;
  node.drain();
  await node.pass(3_000);
  assert.deepEqual(node.lines, [{ event: 'drain-stuck', detail: 'ENOSPC: no space left on device' }]);
  node.isFolderGone = false;
  await node.pass(3_000);
  assert.equal(node.left, 0);
});

test('a pacer that is stopped lets go', async () => {
  const node = new Node(1);
  node.open(100);
  node.drain();
  await node.pass(1_500);
  node.pacers[0]?.stop();
  const closed = node.closed.length;
  await node.pass(2_000);
  assert.deepEqual([node.holder, node.closed.length], [null, closed]);
});

/** 200 a second, until it is stopped. */
function setTrouble(node: Node): { stop(): void } {
  const cancel = node.clock.every(100, () => void (node.troubles += 20));
  return { stop: cancel };
}
