// What only the native engine has: the hand-over of descriptors, slots that are used again, and limits that its own thread keeps.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import type { EndedBy } from '../core/record.ts';
import { systemClock } from '../core/clock.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { createRig, endOf, ENGINES, LIMITS, NOTHING, read, startRelay, type Rig } from '../test/support/relay.ts';
import type { FrontCalls } from './native-front.ts';
import { createNativeRelay, type NativeMoveCalls, type NativeTunnels } from './native-relay.ts';
import { NativeSocket } from './native-socket.ts';
import { createNodeRelay } from './node-relay.ts';
import type { Relay, RelayJob } from './relay.ts';

async function open(context: TestContext, rig: Rig) {
  const sides = { client: await rig.connection(context, 65_536), upstream: await rig.connection(context, 65_536) };
  const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
  const start = (job: Partial<RelayJob> = {}): Relay => startRelay(rig.engine, sides, { ended: resolve, ...job }).relay;
  return {
    client: sides.client.far,
    upstream: sides.upstream.far,
    nearClient: sides.client.near,
    nearUpstream: sides.upstream.near,
    start,
    ended,
  };
}

const NO_MOVES = {} as NativeMoveCalls;
const leg = (): NativeSocket => new NativeSocket({} as FrontCalls, 0, null, null);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** What the kernel holds of a connection towards its end on this port (proc(5), /proc/net/tcp: ports and queues in hexadecimal). */
function bytesOnTheWay(port: number): number {
  let bytes = 0;
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
    const [sending = '0', waiting = '0'] = queues.split(':');
    if (portOf(local) === port) bytes += Number.parseInt(waiting, 16);
    if (portOf(remote) === port) bytes += Number.parseInt(sending, 16);
  }
  return bytes;
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

function nativeRig(limits: Parameters<typeof createRig>[2] = {}): Rig {
  return createRig('native', { nowMs: systemClock.nowMs() }, limits);
}

test('an owner that throws at the end of its tunnel costs the others of the batch nothing', () => {
  const clock = new FakeClock();
  const bugs: string[] = [];
  let tell: () => void = () => {};
  const ends = [0, 0, 1, 1, 2, 0];
  const tunnels: NativeTunnels = {
    slots: 4,
    stats: new Float64Array(18),
    start: () => 0,
    limit: () => {},
    close: () => {},
    ends: () => ends.splice(0),
    move: NO_MOVES,
  };
  const engine = createNativeRelay({
    clock,
    limits: LIMITS,
    fallback: createNodeRelay(clock, LIMITS),
    onBug: (error) => void bugs.push(error.message),
    connect: (onEnds) => ((tell = onEnds), tunnels),
  });
  const told: EndedBy[] = [];
  for (const ended of [
    () => {
      throw new Error('a bug');
    },
    (by: EndedBy) => void told.push(by),
    (by: EndedBy) => void told.push(by),
  ]) {
    engine.start({ client: leg(), upstream: leg(), toUpstream: NOTHING, toClient: NOTHING, sentUp: 0, sentDown: 0, ended });
  }
  tell();
  assert.deepEqual([told, bugs, engine.held()], [['upstream', 'client'], ['a bug'], 0]);
});

test('ends beyond those of one turn are heard in the next ones, and none is missed', () => {
  const clock = new FakeClock();
  const ends = Array.from({ length: 150 }, (_, slot) => [slot, 1]);
  const asked: number[] = [];
  let tell: () => void = () => {};
  const tunnels: NativeTunnels = {
    ...{ slots: 150, stats: new Float64Array(3 * 152), start: () => 0, limit: () => {}, close: () => {} },
    ends: (most) => {
      asked.push(told.length);
      return ends.splice(0, most).flat();
    },
    move: NO_MOVES,
  };
  const told: EndedBy[] = [];
  const connect = (onEnds: () => void): NativeTunnels => ((tell = onEnds), tunnels);
  const engine = createNativeRelay({ clock, limits: LIMITS, fallback: createNodeRelay(clock, LIMITS), onBug: () => {}, connect });
  for (let slot = 0; slot < 150; slot += 1) {
    const job = { client: leg(), upstream: leg(), toUpstream: NOTHING, toClient: NOTHING, sentUp: 0, sentDown: 0 };
    engine.start({ ...job, ended: (by) => void told.push(by) });
  }
  tell();
  const atOnce = told.length;
  assert.ok(atOnce < 100, `${atOnce} in one turn`);
  // A millisecond is the least that a timer waits for.
  clock.advance(1);
  clock.advance(1);
  assert.deepEqual([asked, told.length, engine.held()], [[0, atOnce, 2 * atOnce], 150, 0]);
});

test('a tunnel that comes from another process is held to the limits that new ones are held to now', () => {
  const clock = new FakeClock();
  const asked: unknown[] = [];
  const tunnels: NativeTunnels = {
    ...{ slots: 4, stats: new Float64Array(18), start: () => 0, close: () => {}, ends: () => [] },
    limit: (limits) => void asked.push(limits),
    move: { ...NO_MOVES, adopt: (slot) => (asked.push(slot), 0) },
  };
  const first = createNativeRelay({
    clock,
    limits: LIMITS,
    fallback: createNodeRelay(clock, LIMITS),
    onBug: assert.fail,
    connect: () => tunnels,
  });
  const others = { ...LIMITS, idleMs: 1 };
  const second = first.under(others);
  for (const { moves, limits } of [first, second, second]) assert.ok(moves?.adopt(limits, assert.fail));
  assert.deepEqual(asked, [0, others, 1, 2]);
  assert.equal(first.held(), 3);
});

test('news of a tunnel that is moved reach whoever asked, and its slot is free only when it has gone', () => {
  const clock = new FakeClock();
  let tell: () => void = () => {};
  const asked: string[] = [];
  const ends: number[] = [];
  const ask = (what: string) => (slot: number) => void asked.push(`${what} ${slot}`);
  const move = { ...NO_MOVES, park: ask('park'), forget: ask('forget'), resume: ask('resume') };
  const close = (slot: number, by: number): void => void asked.push(`close ${slot} ${by}`);
  const tunnels: NativeTunnels = {
    ...{ slots: 1, stats: new Float64Array(9), start: () => 0, limit: () => {} },
    close,
    ends: () => ends.splice(0),
    move,
  };
  const fallback = createNodeRelay(clock, LIMITS);
  const engine = createNativeRelay({
    clock,
    limits: LIMITS,
    fallback,
    onBug: assert.fail,
    connect: (onEnds) => ((tell = onEnds), tunnels),
  });
  const told: string[] = [];
  const begin = (): Relay => {
    const job = { client: leg(), upstream: leg(), toUpstream: NOTHING, toClient: NOTHING, sentUp: 0, sentDown: 0 };
    return engine.start({ ...job, ended: (by) => void told.push(`ended by ${by}`) });
  };
  const hear = (...news: number[]): void => {
    ends.push(...news);
    tell();
  };
  const park = (relay: Relay): void => relay.movable?.park((news) => void told.push(news));

  const first = begin();
  park(first);
  hear(0, 17);
  park(first);
  hear(0, 16);
  first.close('age');
  first.movable?.resume();
  assert.deepEqual(asked.splice(0), ['park 0', 'park 0', 'close 0 3', 'resume 0', 'close 0 3']);
  park(first);
  hear(0, 16);
  first.movable?.forget();
  assert.deepEqual([engine.held(), engine.moves?.hasRoom()], [1, false]);
  hear(0, 18);
  assert.deepEqual([told.splice(0), engine.held(), engine.moves?.hasRoom()], [['stays', 'parked', 'parked'], 0, true]);

  const second = begin();
  park(second);
  hear(0, 1);
  assert.deepEqual(told, ['ended', 'ended by upstream']);
});

test('without memory for it a tunnel ends at once, by a fault, and its slot is free', () => {
  const clock = new FakeClock();
  const slots: number[] = [];
  const start = (slot: number): number => (slots.push(slot), 2);
  const tunnels: NativeTunnels = {
    ...{ slots: 4, stats: new Float64Array(18), start },
    limit: () => {},
    close: () => {},
    ends: () => [],
    move: NO_MOVES,
  };
  const fallback = createNodeRelay(clock, LIMITS);
  const engine = createNativeRelay({ clock, limits: LIMITS, fallback, onBug: assert.fail, connect: () => tunnels });
  const ends: EndedBy[] = [];
  let closed = 0;
  for (let turn = 0; turn < 2; turn += 1) {
    const leg = (): NativeSocket => new NativeSocket({} as FrontCalls, 0, null, () => (closed += 1));
    const job = { client: leg(), upstream: leg(), toUpstream: NOTHING, toClient: NOTHING, sentUp: 5, sentDown: 7 };
    const relay = engine.start({ ...job, ended: (by) => void ends.push(by) });
    assert.deepEqual([relay.bytesUp, relay.bytesDown, engine.held()], [5, 7, 0]);
  }
  assert.deepEqual([ends, slots, closed], [['fault', 'fault'], [0, 0], 4]);
});

if (ENGINES.includes('native')) {
  test('the sockets are JavaScript’s no more once the tunnel runs, and the far ends notice nothing', async (context) => {
    const rig = nativeRig();
    const tunnel = await open(context, rig);
    tunnel.start();
    assert.equal(rig.engine.held(), 1);
    assert.deepEqual([tunnel.nearClient.destroyed, tunnel.nearUpstream.destroyed], [true, true]);
    tunnel.client.write('still there');
    assert.equal(String(await read(tunnel.upstream, 11)), 'still there');
    assert.equal(tunnel.client.readableEnded, false);
  });

  test('while bytes of before wait at one of them the node engine relays, and no byte is lost', { timeout: 20_000 }, async (context) => {
    const rig = nativeRig();
    const tunnel = await open(context, rig);
    tunnel.upstream.pause();
    const before = Buffer.alloc(16 * 1_024 * 1_024, 'b');
    tunnel.nearUpstream.write(before);
    tunnel.start({ toUpstream: Buffer.from('early') });
    assert.equal(rig.engine.held(), 0);
    tunnel.client.write(' late');
    tunnel.upstream.resume();
    const got = await read(tunnel.upstream, before.length + 10);
    assert.equal(got.length, before.length + 10);
    assert.equal(got.subarray(0, before.length).equals(before), true);
    assert.equal(String(got.subarray(before.length)), 'early late');
    tunnel.upstream.write('answer');
    assert.equal(String(await read(tunnel.client, 6)), 'answer');
  });

  test('a reset that a write has met before the hand-over reaches the other side as a reset', async (context) => {
    const tunnel = await open(context, nativeRig());
    tunnel.client.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    tunnel.nearClient.write(Buffer.from('an answer'));
    const seen = endOf(tunnel.upstream);
    tunnel.start();
    assert.equal(await seen, 'reset');
    assert.equal(await tunnel.ended, 'client');
  });

  test(
    'holds no more than it may for a reader that takes nothing, also where others may hold more',
    { timeout: 40_000 },
    async (context) => {
      const most = 8 * 1_024;
      const rig = nativeRig();
      (await open(context, rig)).start();
      const tunnel = await open(context, { ...rig, engine: rig.engine.under({ ...LIMITS, bufferBytes: most }) });
      tunnel.upstream.pause();
      const relay = tunnel.start();
      const flood = Buffer.alloc(32 * 1_024 * 1_024, 'f');
      tunnel.client.write(flood);
      // Until nothing has moved for a while: every buffer is full. Once may be no more than a machine that is busy.
      for (let quiet = 0; quiet < 2;) {
        const before = relay.bytesUp;
        await new Promise((resolve) => setTimeout(resolve, 300));
        quiet = relay.bytesUp === before ? quiet + 1 : 0;
      }
      // What moves in between is then not taken for held.
      const { bytesUp } = relay;
      const held = bytesUp - bytesOnTheWay(tunnel.upstream.localPort ?? 0) - tunnel.upstream.bytesRead;
      assert.ok(held <= most, `${held} bytes held, ${most} allowed`);
      tunnel.upstream.resume();
      assert.equal((await read(tunnel.upstream, flood.length)).length, flood.length);
    },
  );

  test('beyond its slots the node engine relays, and a slot that ended is used again', async (context) => {
    const rig = nativeRig({ slots: 1 });
    const [first, second, third] = [await open(context, rig), await open(context, rig), await open(context, rig)];
    const relay = first.start();
    second.start();
    assert.equal(rig.engine.held(), 1);
    second.client.write('by node');
    assert.equal(String(await read(second.upstream, 7)), 'by node');

    relay.close('operator');
    assert.equal(await first.ended, 'operator');
    assert.equal(rig.engine.held(), 0);
    const fresh = third.start();
    assert.deepEqual([rig.engine.held(), fresh.bytesUp, fresh.bytesDown], [1, 0, 0]);
    third.client.write('again');
    assert.equal(String(await read(third.upstream, 5)), 'again');
    assert.equal(fresh.bytesUp, 5);
  });

  test('its thread ends a tunnel that is idle, and one whose open half is silent', async (context) => {
    const idle = await open(context, nativeRig({ idleMs: 1_000 }));
    const half = await open(context, nativeRig({ halfClosedMs: 1_000 }));
    idle.start();
    half.start();
    half.client.end();
    const seen = Promise.all([endOf(idle.client), endOf(idle.upstream)]);
    assert.equal(await idle.ended, 'idle');
    assert.equal(await half.ended, 'client', 'the FIN came first');
    await seen;
  });

  test('bytes that wait without progress end their tunnel', async (context) => {
    const tunnel = await open(context, nativeRig({ noProgressMs: 1_000 }));
    tunnel.start();
    tunnel.upstream.pause();
    tunnel.client.write(Buffer.alloc(32 * 1_024 * 1_024, 'x'));
    assert.equal(await tunnel.ended, 'idle');
  });

  test('600 tunnels that end in every way leave no descriptor behind, and are told of once each', async (context) => {
    const rig = nativeRig({ slots: 32 });
    const rounds = 30;
    const once_ = async (count: number): Promise<number> => {
      const tunnels = await Promise.all(Array.from({ length: count }, () => open(context, rig)));
      const relays = tunnels.map((tunnel) => tunnel.start());
      for (const [index, tunnel] of tunnels.entries()) {
        tunnel.client.write('x');
        if (index % 4 === 0) tunnel.client.resetAndDestroy();
        else if (index % 4 === 1) tunnel.upstream.destroy();
        else if (index % 4 === 2) relays[index]?.close('drain');
        else for (const far of [tunnel.client, tunnel.upstream]) far.end().resume();
      }
      await Promise.all(tunnels.map((tunnel) => tunnel.ended));
      for (const { client, upstream } of tunnels) for (const far of [client, upstream]) far.destroy();
      return tunnels.length;
    };
    await once_(20);
    const before = descriptors();
    let ended = 0;
    for (let round = 0; round < rounds; round += 1) ended += await once_(20);
    assert.equal(ended, 600);
    assert.equal(rig.engine.held(), 0);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(descriptors(), before);
  });
}
