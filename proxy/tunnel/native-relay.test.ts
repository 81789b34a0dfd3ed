// What only the native engine has: the hand-over of descriptors, slots that are used again, and limits that its own thread keeps.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import type { EndedBy } from '../core/record.ts';
import { systemClock } from '../core/clock.ts';
import { createNativeTunnels, loadAddon } from '../native/engine.ts';
import { connection, endOf, ENGINES, IDLE_MS, NOTHING, read } from '../test/support/relay.ts';
import { createNativeRelay, type NativeTunnels } from './native-relay.ts';
import { createNodeRelay } from './node-relay.ts';
import type { Relay, RelayEngine } from './relay.ts';

/** errno(3): no descriptor left. */
const EMFILE = 24;
const NO_COUNTS = { toUpstream: NOTHING, toClient: NOTHING, sentUp: 0, sentDown: 0 };

function engineOf(options: { slots?: number; idleMs?: number; halfClosedMs?: number; noProgressMs?: number } = {}): RelayEngine {
  const limits = { slots: 64, idleMs: IDLE_MS, halfClosedMs: 60_000, ...options };
  const time = { nowMs: systemClock.nowMs() };
  return createNativeRelay(createNodeRelay(time, limits), time, (onEnds) => createNativeTunnels(loadAddon(), limits, onEnds));
}

async function open(context: TestContext, engine: RelayEngine) {
  const [client, upstream] = [await connection(context, 65_536), await connection(context, 65_536)];
  const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
  const sockets = { client: client.far, upstream: upstream.far, nearClient: client.near, nearUpstream: upstream.near };
  const start = (): Relay => engine.start({ client: client.near, upstream: upstream.near, ...NO_COUNTS, ended: resolve });
  return { ...sockets, start, ended };
}

test('where descriptors ran out at the hand-over the node engine relays, and no byte is lost', { timeout: 10_000 }, async (context) => {
  const time = { nowMs: 0 };
  const asked: number[] = [];
  const start = (slot: number): number => {
    asked.push(slot);
    return EMFILE;
  };
  const full: NativeTunnels = { slots: 4, stats: new Float64Array(15), start, close: () => {}, ends: () => [] };
  const engine = createNativeRelay(createNodeRelay(time, { idleMs: IDLE_MS, halfClosedMs: 60_000 }), time, () => full);
  const tunnel = await open(context, engine);
  tunnel.client.write('early');
  tunnel.nearClient.read(0);
  while (tunnel.nearClient.readableLength === 0) await new Promise((resolve) => setImmediate(resolve));
  tunnel.start();
  assert.deepEqual([asked, engine.held()], [[0], 0]);
  tunnel.client.write(' late');
  assert.equal(String(await read(tunnel.upstream, 10)), 'early late');
  tunnel.upstream.write('answer');
  assert.equal(String(await read(tunnel.client, 6)), 'answer');
});

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

if (ENGINES.includes('native')) {
  test('the sockets are Node’s no more once the tunnel runs, and the far ends notice nothing', async (context) => {
    const engine = engineOf();
    const tunnel = await open(context, engine);
    tunnel.start();
    assert.equal(engine.held(), 1);
    await once(tunnel.nearClient, 'close');
    tunnel.client.write('still there');
    assert.equal(String(await read(tunnel.upstream, 11)), 'still there');
    assert.equal(tunnel.client.readableEnded, false);
  });

  test('what a paused socket has read and nobody was given goes first', async (context) => {
    const tunnel = await open(context, engineOf());
    tunnel.nearClient.pause();
    tunnel.client.write('early');
    tunnel.nearClient.read(0);
    while (tunnel.nearClient.readableLength === 0) await new Promise((resolve) => setImmediate(resolve));
    tunnel.start();
    tunnel.client.write(' late');
    assert.equal(String(await read(tunnel.upstream, 10)), 'early late');
  });

  test('beyond its slots the node engine relays, and a slot that ended is used again', async (context) => {
    const engine = engineOf({ slots: 1 });
    const [first, second, third] = [await open(context, engine), await open(context, engine), await open(context, engine)];
    const relay = first.start();
    second.start();
    assert.equal(engine.held(), 1);
    second.client.write('by node');
    assert.equal(String(await read(second.upstream, 7)), 'by node');

    relay.close('operator');
    assert.equal(await first.ended, 'operator');
    assert.equal(engine.held(), 0);
    const fresh = third.start();
    assert.deepEqual([engine.held(), fresh.bytesUp, fresh.bytesDown], [1, 0, 0]);
    third.client.write('again');
    assert.equal(String(await read(third.upstream, 5)), 'again');
    assert.equal(fresh.bytesUp, 5);
  });

  test('its thread ends a tunnel that is idle, and one whose open half is silent', async (context) => {
    const idle = await open(context, engineOf({ idleMs: 1_000 }));
    const half = await open(context, engineOf({ halfClosedMs: 1_000 }));
    idle.start();
    half.start();
    half.client.end();
    const seen = Promise.all([endOf(idle.client), endOf(idle.upstream)]);
    assert.equal(await idle.ended, 'idle');
    assert.equal(await half.ended, 'client', 'the FIN came first');
    await seen;
  });

  test('bytes that wait without progress end their tunnel', async (context) => {
    const tunnel = await open(context, engineOf({ noProgressMs: 1_000 }));
    tunnel.start();
    tunnel.upstream.pause();
    tunnel.client.write(Buffer.alloc(32 * 1_024 * 1_024, 'x'));
    assert.equal(await tunnel.ended, 'idle');
  });

  test('600 tunnels that end in every way leave no descriptor behind, and are told of once each', async (context) => {
    const engine = engineOf({ slots: 32 });
    const rounds = 30;
    const once_ = async (count: number): Promise<number> => {
      const tunnels = await Promise.all(Array.from({ length: count }, () => open(context, engine)));
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
    assert.equal(engine.held(), 0);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(descriptors(), before);
  });
}
