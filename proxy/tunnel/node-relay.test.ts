// The node engine between real sockets on loopback. Time is a number that the test moves.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { NO_PROGRESS_MS } from '../core/limits.ts';
import type { EndedBy } from '../core/record.ts';
import { createNodeRelay, highWaterMarkFor } from './node-relay.ts';
import { own } from './owned-socket.ts';
import type { CoarseTime, Relay, RelayEngine, RelayJob } from './relay.ts';

const KIB = 1_024;
const IDLE_MS = 1_860_000;
const HALF_CLOSED_MS = 60_000;
const NOTHING = Buffer.alloc(0);

/** A connection over loopback: the end a relay holds, paused and without an owner as a door hands it over, and the far end. */
async function connection(context: TestContext, highWaterMark: number): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  far.on('error', () => {});
  const [near] = (await once(server, 'connection')) as [net.Socket];
  own(near, null);
  if (far.connecting) await once(far, 'connect');
  context.after(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

interface Harness {
  readonly client: net.Socket;
  readonly upstream: net.Socket;
  readonly nearClient: net.Socket;
  readonly nearUpstream: net.Socket;
  readonly time: CoarseTime;
  readonly engine: RelayEngine;
  readonly relay: Relay;
  readonly ends: EndedBy[];
  readonly ended: Promise<EndedBy>;
}

async function relayed(context: TestContext, job: Partial<RelayJob> = {}, bufferBytes = 256 * KIB): Promise<Harness> {
  const mark = highWaterMarkFor(bufferBytes);
  const [client, upstream] = [await connection(context, mark), await connection(context, mark)];
  const time: CoarseTime = { nowMs: 5_000_000 };
  const engine = createNodeRelay(time, { idleMs: IDLE_MS, halfClosedMs: HALF_CLOSED_MS });
  const ends: EndedBy[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
  const relay = engine.start({
    client: client.near,
    upstream: upstream.near,
    toUpstream: NOTHING,
    toClient: NOTHING,
    sentUp: 0,
    sentDown: 0,
    ended: (by) => {
      ends.push(by);
      resolve(by);
    },
    ...job,
  });
  const sockets = { client: client.far, upstream: upstream.far, nearClient: client.near, nearUpstream: upstream.near };
  return { ...sockets, time, engine, relay, ends, ended };
}

/** The next bytes, `length` of them. */
async function read(socket: net.Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    total += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** Looks at each turn of the loop until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** How a far end saw its connection end. */
function endOf(socket: net.Socket): Promise<'fin' | 'reset'> {
  socket.resume();
  return new Promise((resolve) => {
    socket.once('end', () => resolve('fin'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNRESET' ? 'reset' : 'fin'));
  });
}

describe('bytes', () => {
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

describe('a reader that does not read', () => {
  for (const [bufferBytes, what] of [
    [256 * KIB, 'the default'],
    [64 * KIB, 'less than four chunks'],
    [1_024 * KIB, 'a MiB'],
  ] as const) {
    test(`on either side costs the process ${Math.max(256, bufferBytes / KIB)} KiB at most (${what})`, async (context) => {
      const { client, upstream, nearClient, nearUpstream } = await relayed(context, {}, bufferBytes);
      const held = (): number =>
        nearClient.writableLength + nearClient.readableLength + nearUpstream.writableLength + nearUpstream.readableLength;
      const max = Math.max(256 * KIB, bufferBytes);
      // Both far ends write without end and read nothing.
      const flood = Buffer.alloc(1_024 * KIB, 'x');
      client.pause();
      upstream.pause();
      for (let count = 0; count < 16; count += 1) {
        client.write(flood);
        upstream.write(flood);
      }
      let most = 0;
      const isStuck = (): boolean => {
        most = Math.max(most, held());
        return nearClient.isPaused() && nearUpstream.isPaused() && nearClient.writableLength > 0 && nearUpstream.writableLength > 0;
      };
      await until(isStuck);
      // It stays so: nothing is read while nothing can be written.
      for (let turn = 0; turn < 2_000; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        assert.ok(isStuck());
      }
      assert.ok(most <= max, `${most} bytes held`);

      client.destroy();
    });
  }

  test('gets everything once it reads again', async (context) => {
    const { client, upstream, nearUpstream, nearClient } = await relayed(context);
    const length = 24 * 1_024 * KIB;
    upstream.pause();
    client.end(Buffer.alloc(length, 'x'));
    await until(() => nearClient.isPaused() && nearUpstream.writableLength > 0);
    let seen = 0;
    for await (const chunk of upstream) seen += (chunk as Buffer).length;
    assert.equal(seen, length);
  });

  test('does not hold up the other direction', async (context) => {
    const { client, upstream, nearUpstream } = await relayed(context);
    upstream.pause();
    client.write(Buffer.alloc(24 * 1_024 * KIB, 'x'));
    await until(() => nearUpstream.writableLength > 0);
    upstream.write('still here');
    assert.equal(String(await read(client, 10)), 'still here');
  });
});

test('the high-water mark leaves room for four chunks of libuv, and is never nothing', () => {
  assert.equal(highWaterMarkFor(256 * KIB), 1);
  assert.equal(highWaterMarkFor(1), 1);
  assert.equal(highWaterMarkFor(1_024 * KIB), 192 * KIB);
});

describe('a FIN', () => {
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
    const mark = highWaterMarkFor(256 * KIB);
    const [client, upstream] = [await connection(context, mark), await connection(context, mark)];
    client.far.end();
    client.near.resume();
    await once(client.near, 'end');
    const engine = createNodeRelay({ nowMs: 0 }, { idleMs: IDLE_MS, halfClosedMs: HALF_CLOSED_MS });
    const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
    const counts = { sentUp: 0, sentDown: 0, toClient: NOTHING };
    engine.start({ client: client.near, upstream: upstream.near, toUpstream: Buffer.from('early'), ...counts, ended: resolve });
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

describe('a reset', () => {
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

describe('a side that is gone before the relay begins', () => {
  for (const gone of ['client', 'upstream'] as const) {
    test(`the ${gone}: the tunnel ends in its name, at once`, async (context) => {
      const sides = { client: await connection(context, 1), upstream: await connection(context, 1) };
      sides[gone].near.destroy();
      await once(sides[gone].near, 'close');
      const engine = createNodeRelay({ nowMs: 0 }, { idleMs: IDLE_MS, halfClosedMs: HALF_CLOSED_MS });
      const { promise: ended, resolve } = Promise.withResolvers<EndedBy>();
      const counts = { sentUp: 0, sentDown: 0, toUpstream: NOTHING, toClient: NOTHING };
      engine.start({ client: sides.client.near, upstream: sides.upstream.near, ...counts, ended: resolve });
      assert.equal(await ended, gone);
    });
  }
});

describe('time', () => {
  test('a tunnel without a byte either way ends as idle, not a moment early', async (context) => {
    const { client, upstream, time, relay, ended, ends } = await relayed(context);
    const seen = Promise.all([endOf(client), endOf(upstream)]);
    time.nowMs += IDLE_MS - 1;
    relay.sweep();
    assert.deepEqual(ends, []);
    assert.equal(relay.idleMs(), IDLE_MS - 1);
    time.nowMs += 1;
    relay.sweep();
    assert.equal(await ended, 'idle');
    await seen;
  });

  for (const from of ['client', 'upstream'] as const) {
    test(`one byte from the ${from} begins the idle time anew`, async (context) => {
      const { client, upstream, time, relay, ends } = await relayed(context);
      time.nowMs += IDLE_MS - 1;
      const [writer, reader] = from === 'client' ? [client, upstream] : [upstream, client];
      writer.write('.');
      await read(reader, 1);
      assert.equal(relay.idleMs(), 0);
      time.nowMs += IDLE_MS - 1;
      relay.sweep();
      assert.deepEqual(ends, []);
    });
  }

  test('a tunnel with one FIN ends after the half-closed time without a byte', async (context) => {
    const { client, upstream, time, relay, ended, ends } = await relayed(context);
    client.end();
    upstream.resume();
    await once(upstream, 'end');
    time.nowMs += HALF_CLOSED_MS - 1;
    relay.sweep();
    assert.deepEqual(ends, []);
    time.nowMs += 1;
    relay.sweep();
    assert.equal(await ended, 'client', 'the FIN came first');
  });

  test('one whose open half is busy does not', async (context) => {
    const { client, upstream, time, relay, ends } = await relayed(context);
    client.end();
    upstream.resume();
    await once(upstream, 'end');
    for (let minute = 0; minute < 30; minute += 1) {
      upstream.write('.');
      await read(client, 1);
      time.nowMs += HALF_CLOSED_MS - 1;
      relay.sweep();
    }
    assert.deepEqual(ends, []);
  });
});

describe('bytes that wait without progress', () => {
  /** An upstream that talks but does not read: bytes of the client wait for it. */
  async function deafUpstream(context: TestContext): Promise<Harness & { talk(): Promise<void> }> {
    const harness = await relayed(context);
    const { client, upstream, nearClient, nearUpstream } = harness;
    upstream.pause();
    const chunk = Buffer.alloc(64 * KIB, 'x');
    const pour = (): void => {
      while (client.write(chunk));
    };
    client.on('drain', pour);
    pour();
    await until(() => nearClient.isPaused() && nearUpstream.writableLength > 0);
    const talk = async (): Promise<void> => {
      upstream.write('.');
      await read(client, 1);
    };
    return { ...harness, talk };
  }

  test('end the tunnel after ten minutes, though the other direction is busy', async (context) => {
    const { time, relay, ended, ends, talk } = await deafUpstream(context);
    const startMs = time.nowMs;
    for (; time.nowMs < startMs + NO_PROGRESS_MS; time.nowMs += 60_000) {
      await talk();
      relay.sweep();
      assert.deepEqual(ends, [], `${time.nowMs - startMs} ms`);
    }
    relay.sweep();
    assert.equal(await ended, 'idle');
  });

  test('do not end a tunnel whose reader is only slow: each look may find as many bytes waiting as the one before', async (context) => {
    const { upstream, time, relay, ends, nearClient, nearUpstream } = await deafUpstream(context);
    const waiting = new Set<number>();
    for (let minute = 0; minute < 15; minute += 1) {
      relay.sweep();
      waiting.add(nearUpstream.writableLength);
      assert.deepEqual(ends, [], `after ${minute} minutes`);
      const before = relay.bytesUp;
      upstream.resume();
      await until(() => relay.bytesUp > before || ends.length > 0);
      upstream.pause();
      await until(() => (nearClient.isPaused() && nearUpstream.writableLength > 0) || ends.length > 0);
      time.nowMs += 60_000;
    }
    assert.ok(waiting.size < 15, 'the case is made: some looks found the same number of bytes');
  });

  test('have their time anew when some of them went', async (context) => {
    const { upstream, time, relay, ends, talk, nearUpstream } = await deafUpstream(context);
    relay.sweep();
    time.nowMs += NO_PROGRESS_MS - 1;
    await talk();
    const before = relay.bytesUp - nearUpstream.writableLength;
    upstream.resume();
    await until(() => relay.bytesUp - nearUpstream.writableLength > before);
    upstream.pause();
    relay.sweep();
    time.nowMs += NO_PROGRESS_MS - 1;
    await talk();
    relay.sweep();
    assert.deepEqual(ends, []);
  });
});

describe('an end from outside', () => {
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

test('the end is told once, whatever happens at once', async (context) => {
  const { client, upstream, relay, ended, ends } = await relayed(context);
  client.resetAndDestroy();
  upstream.resetAndDestroy();
  relay.close('operator');
  relay.close('drain');
  await ended;
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ends.length, 1);
});
