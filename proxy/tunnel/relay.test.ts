// Each engine between real sockets on loopback: bytes, FINs, resets, and who ended it.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import {
  createRig,
  endOf,
  ENGINES,
  KIB,
  LIMITS,
  nearEnd,
  read,
  relayed as relayedBy,
  type RelayHarness,
  startRelay,
} from '../test/support/relay.ts';
import { systemClock } from '../core/clock.ts';
import { highWaterMarkFor } from './node-relay.ts';
import type { RelayEngine, RelayJob } from './relay.ts';

for (const kind of ENGINES) {
  const relayed = (context: TestContext, job: Partial<RelayJob> = {}): Promise<RelayHarness> => relayedBy(context, job, undefined, kind);

  describe(`${kind}: bytes`, () => {
    test('they go both ways, and are counted', async (context) => {
      const { client, upstream, relay, engine } = await relayed(context);
      client.write('question');
      assert.equal(String(await read(upstream, 8)), 'question');
      upstream.write('answer');
      assert.equal(String(await read(client, 6)), 'answer');
      assert.deepEqual([relay.bytesUp, relay.bytesDown], [8, 6]);
      assert.deepEqual(engine.totals, { bytesUp: 8, bytesDown: 6 });
    });

    test('what was read before goes first, and what was sent before counts', async (context) => {
      const job = { toUpstream: Buffer.from('early '), toClient: Buffer.from('first '), sentUp: 517, sentDown: 99 };
      const { client, upstream, relay, engine } = await relayed(context, job);
      client.write('late');
      upstream.write('second');
      assert.equal(String(await read(upstream, 10)), 'early late');
      assert.equal(String(await read(client, 12)), 'first second');
      assert.deepEqual([relay.bytesUp, relay.bytesDown], [517 + 10, 99 + 12]);
      assert.deepEqual(engine.totals, { bytesUp: 517 + 10, bytesDown: 99 + 12 });
    });

    test('the totals of an engine keep what ended tunnels moved', async (context) => {
      const { client, upstream, engine, ended } = await relayed(context, { sentUp: 3 });
      client.write('12345');
      await read(upstream, 5);
      client.resetAndDestroy();
      await ended;
      assert.deepEqual(engine.totals, { bytesUp: 8, bytesDown: 0 });
    });

    test('they arrive whole and in order, 16 MiB each way at once', async (context) => {
      const { client, upstream } = await relayed(context);
      // No `for await`: it would destroy the socket, and with it what is still to be written, at the end of what is read.
      const digestOf = (socket: net.Socket): Promise<string> =>
        new Promise((resolve) => {
          const hash = createHash('sha256');
          socket.on('data', (chunk: Buffer) => hash.update(chunk));
          socket.once('end', () => resolve(hash.digest('hex')));
        });
      const [up, down] = [randomBytes(16 * KIB * KIB), randomBytes(16 * KIB * KIB)];
      client.end(up);
      upstream.end(down);
      const [seenUp, seenDown] = await Promise.all([digestOf(upstream), digestOf(client)]);
      assert.equal(seenUp, createHash('sha256').update(up).digest('hex'));
      assert.equal(seenDown, createHash('sha256').update(down).digest('hex'));
    });
  });

  describe(`${kind}: a FIN`, () => {
    test('of the client is passed on, and the upstream may go on talking', async (context) => {
      const { client, upstream, ended } = await relayed(context);
      client.end('last words');
      assert.equal(String(await read(upstream, 10)), 'last words');
      await once(upstream, 'end');
      upstream.end('and the answer');
      assert.equal(String(await read(client, 14)), 'and the answer');
      assert.equal(await ended, 'client');
    });

    test('of the upstream is passed on, and the client may go on talking', async (context) => {
      const { client, upstream, ended } = await relayed(context);
      upstream.end('bye');
      assert.equal(String(await read(client, 3)), 'bye');
      await once(client, 'end');
      client.end('one more thing');
      assert.equal(String(await read(upstream, 14)), 'one more thing');
      assert.equal(await ended, 'upstream');
    });

    test('that came before the relay is passed on behind the early bytes', async (context) => {
      const rig = createRig(kind, { nowMs: 0 });
      const mark = highWaterMarkFor(256 * KIB);
      const [client, upstream] = [await rig.connection(context, mark), await rig.connection(context, mark)];
      client.far.end();
      const finished = nearEnd(client.near);
      client.near.resume();
      await finished;
      const { ended } = startRelay(rig.engine, { client, upstream }, { toUpstream: Buffer.from('early') });
      assert.equal(String(await read(upstream.far, 5)), 'early');
      await once(upstream.far, 'end');
      upstream.far.end();
      assert.equal(await ended, 'client');
    });

    test('after a flood that the other side reads late loses nothing', async (context) => {
      const { client, upstream, ended } = await relayed(context);
      upstream.pause();
      const length = 8 * 1_024 * KIB;
      client.end(Buffer.alloc(length, 'x'));
      upstream.end();
      client.resume();
      let seen = 0;
      for await (const chunk of upstream) seen += (chunk as Buffer).length;
      assert.equal(seen, length);
      await ended;
    });
  });

  describe(`${kind}: a reset`, () => {
    for (const [from, to] of [
      ['client', 'upstream'],
      ['upstream', 'client'],
    ] as const) {
      test(`of the ${from} is a reset of the ${to}, and ends the tunnel in its name`, async (context) => {
        const harness = await relayed(context);
        const seen = endOf(harness[to]);
        harness[from].resetAndDestroy();
        assert.equal(await harness.ended, from);
        assert.equal(await seen, 'reset');
      });
    }

    test('behind a FIN of the same side is still heard', async (context) => {
      const { client, upstream, ended } = await relayed(context);
      client.end();
      upstream.resume();
      await once(upstream, 'end');
      const seen = endOf(upstream);
      client.resetAndDestroy();
      // What the upstream sends now has nobody to go to.
      const talk = setInterval(() => upstream.write('anyone?'), 10);
      context.after(() => clearInterval(talk));
      assert.equal(await ended, 'client');
      await seen;
    });
  });

  describe(`${kind}: a side that is gone before the relay begins`, () => {
    for (const gone of ['client', 'upstream'] as const) {
      test(`the ${gone}: the tunnel ends in its name, at once`, async (context) => {
        const rig = createRig(kind, { nowMs: 0 });
        const sides = { client: await rig.connection(context, 1), upstream: await rig.connection(context, 1) };
        const closed = nearEnd(sides[gone].near);
        sides[gone].near.destroy();
        await closed;
        assert.equal(await startRelay(rig.engine, sides).ended, gone);
      });
    }
  });

  describe(`${kind}: an end from outside`, () => {
    for (const by of ['age', 'drain', 'operator', 'policy'] as const) {
      test(`for ${by} closes both sides and is told as it was said`, async (context) => {
        const { client, upstream, relay, ended } = await relayed(context);
        const seen = Promise.all([endOf(client), endOf(upstream)]);
        relay.close(by);
        assert.equal(await ended, by);
        await seen;
      });
    }

    test('after one side has finished, the first reason stands', async (context) => {
      const { client, upstream, relay, ended } = await relayed(context);
      client.end();
      upstream.resume();
      await once(upstream, 'end');
      relay.close('drain');
      assert.equal(await ended, 'client');
    });
  });

  describe(`${kind}: limits that change`, () => {
    test(
      'are for tunnels that begin afterwards; those before keep theirs, and all count together',
      { timeout: 20_000 },
      async (context) => {
        const time = { nowMs: systemClock.nowMs() };
        const { engine, connection } = createRig(kind, time);
        // Each is spoken to as it begins: one that may be idle for a second only would end by that while the others are opened.
        const begin = async (under: RelayEngine): Promise<ReturnType<typeof startRelay>> => {
          const sides = { client: await connection(context, 1), upstream: await connection(context, 1) };
          const begun = startRelay(under, sides);
          begun.client.end('x');
          await read(begun.upstream, 1);
          await once(begun.upstream, 'end');
          return begun;
        };
        const tight = engine.under({ ...LIMITS, idleMs: 1_000 });
        const before = await begin(engine);
        const short = await begin(tight);
        const after = await begin(engine);
        const half = await begin(engine.under({ ...LIMITS, halfClosedMs: 1_000 }));
        const passing = setInterval(() => {
          time.nowMs = systemClock.nowMs();
          for (const { relay } of [before, short, after, half]) relay.sweep?.();
        }, 100);
        context.after(() => clearInterval(passing));
        assert.deepEqual([await short.ended, await half.ended], ['client', 'client'], 'the FIN came first');
        assert.deepEqual([before.ends, after.ends], [[], []]);
        for (const { totals } of [engine, tight]) assert.deepEqual(totals, { bytesUp: 4, bytesDown: 0 });
        assert.equal(engine.held(), tight.held());
      },
    );
  });

  test(`${kind}: the end is told once, whatever happens at once`, async (context) => {
    const { client, upstream, relay, ended, ends } = await relayed(context);
    client.resetAndDestroy();
    upstream.resetAndDestroy();
    relay.close('operator');
    relay.close('drain');
    await ended;
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ends.length, 1);
  });
}
