// The node engine with readers that do not read, and with time that passes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { NO_PROGRESS_MS } from '../core/limits.ts';
import { highWaterMarkFor } from './node-relay.ts';
import { endOf, HALF_CLOSED_MS, IDLE_MS, KIB, read, relayedByNode, until } from '../test/support/relay.ts';

describe('a reader that does not read', () => {
  for (const [bufferBytes, what] of [
    [256 * KIB, 'the default'],
    [64 * KIB, 'less than four chunks'],
    [1_024 * KIB, 'a MiB'],
  ] as const) {
    test(`on either side costs the process ${Math.max(256, bufferBytes / KIB)} KiB at most (${what})`, async (context) => {
      const { client, upstream, nearClient, nearUpstream } = await relayedByNode(context, bufferBytes);
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
    const { client, upstream, nearUpstream, nearClient } = await relayedByNode(context);
    const length = 24 * 1_024 * KIB;
    upstream.pause();
    client.end(Buffer.alloc(length, 'x'));
    await until(() => nearClient.isPaused() && nearUpstream.writableLength > 0);
    let seen = 0;
    for await (const chunk of upstream) seen += (chunk as Buffer).length;
    assert.equal(seen, length);
  });

  test('gets its own bytes, though another tunnel read into the same memory meanwhile', async (context) => {
    const [slow, busy] = [await relayedByNode(context), await relayedByNode(context)];
    const length = 8 * 1_024 * KIB;
    slow.client.pause();
    slow.upstream.end(Buffer.alloc(length, 'a'));
    await until(() => slow.nearUpstream.isPaused() && slow.nearClient.writableLength > 0);
    busy.upstream.write(Buffer.alloc(256 * KIB, 'b'));
    assert.equal(String(await read(busy.client, 256 * KIB)), 'b'.repeat(256 * KIB));
    const seen = Buffer.concat(await slow.client.toArray());
    assert.equal(seen.indexOf('b'), -1);
    assert.equal(seen.length, length);
  });

  test('does not hold up the other direction', async (context) => {
    const { client, upstream, nearUpstream } = await relayedByNode(context);
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

describe('time', () => {
  test('a tunnel without a byte either way ends as idle, not a moment early', async (context) => {
    const { client, upstream, time, relay, ended, ends } = await relayedByNode(context);
    const seen = Promise.all([endOf(client), endOf(upstream)]);
    time.nowMs += IDLE_MS - 1;
    relay.sweep?.();
    assert.deepEqual(ends, []);
    assert.equal(relay.idleMs(), IDLE_MS - 1);
    time.nowMs += 1;
    relay.sweep?.();
    assert.equal(await ended, 'idle');
    await seen;
  });

  for (const from of ['client', 'upstream'] as const) {
    test(`one byte from the ${from} begins the idle time anew`, async (context) => {
      const { client, upstream, time, relay, ends } = await relayedByNode(context);
      time.nowMs += IDLE_MS - 1;
      const [writer, reader] = from === 'client' ? [client, upstream] : [upstream, client];
      writer.write('.');
      await read(reader, 1);
      assert.equal(relay.idleMs(), 0);
      time.nowMs += IDLE_MS - 1;
      relay.sweep?.();
      assert.deepEqual(ends, []);
    });
  }

  test('a tunnel with one FIN ends after the half-closed time without a byte', async (context) => {
    const { client, upstream, time, relay, ended, ends } = await relayedByNode(context);
    client.end();
    upstream.resume();
    await once(upstream, 'end');
    time.nowMs += HALF_CLOSED_MS - 1;
    relay.sweep?.();
    assert.deepEqual(ends, []);
    time.nowMs += 1;
    relay.sweep?.();
    assert.equal(await ended, 'client', 'the FIN came first');
  });

  test('one whose open half is busy does not', async (context) => {
    const { client, upstream, time, relay, ends } = await relayedByNode(context);
    client.end();
    upstream.resume();
    await once(upstream, 'end');
    for (let minute = 0; minute < 30; minute += 1) {
      upstream.write('.');
      await read(client, 1);
      time.nowMs += HALF_CLOSED_MS - 1;
      relay.sweep?.();
    }
    assert.deepEqual(ends, []);
  });
});

describe('bytes that wait without progress', () => {
  /** An upstream that talks but does not read: bytes of the client wait for it. */
  async function deafUpstream(context: TestContext): Promise<Awaited<ReturnType<typeof relayedByNode>> & { talk(): Promise<void> }> {
    const harness = await relayedByNode(context);
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
      relay.sweep?.();
      assert.deepEqual(ends, [], `${time.nowMs - startMs} ms`);
    }
    relay.sweep?.();
    assert.equal(await ended, 'idle');
  });

  test('do not end a tunnel whose reader is only slow: each look may find as many bytes waiting as the one before', async (context) => {
    const { upstream, time, relay, ends, nearClient, nearUpstream } = await deafUpstream(context);
    const waiting = new Set<number>();
    for (let minute = 0; minute < 15; minute += 1) {
      relay.sweep?.();
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
    relay.sweep?.();
    time.nowMs += NO_PROGRESS_MS - 1;
    await talk();
    const before = relay.bytesUp - nearUpstream.writableLength;
    upstream.resume();
    await until(() => relay.bytesUp - nearUpstream.writableLength > before);
    upstream.pause();
    relay.sweep?.();
    time.nowMs += NO_PROGRESS_MS - 1;
    await talk();
    relay.sweep?.();
    assert.deepEqual(ends, []);
  });
});

test('a side that keep-alive found dead is a reset to the other one', async (context) => {
  const { upstream, nearClient, ended } = await relayedByNode(context);
  const seen = endOf(upstream);
  nearClient.destroy(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  assert.equal(await seen, 'reset');
  assert.equal(await ended, 'client');
});
