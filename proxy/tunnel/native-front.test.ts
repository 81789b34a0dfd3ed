// Connections of the native front between real sockets on loopback.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { loadAddon } from '../native/engine.ts';
import { createFrontCalls } from '../native/front.ts';
import { endOf, ENGINES, KIB, read, until } from '../test/support/relay.ts';
import { nativeAcceptor } from './acceptor.ts';
import type { Leg } from './leg.ts';
import { type FrontCalls, NativeFront } from './native-front.ts';
import type { NativeSocket } from './native-socket.ts';
import { own, type SocketOwner } from './owned-socket.ts';

const NOTHING = Buffer.alloc(0);

/** Writes down what a socket tells its owner. */
class Heard implements SocketOwner {
  readonly events: string[] = [];
  bytes = '';
  socketData(_socket: Leg, chunk: Buffer): void {
    this.bytes += chunk.toString('latin1');
  }
  socketEnd(): void {
    this.events.push('end');
  }
  socketError(_socket: Leg, error: NodeJS.ErrnoException): void {
    this.events.push(error.code ?? 'error');
  }
  socketClose(): void {
    this.events.push('close');
  }
}

/** A program that connects so often, and ends. */
function queueUp(port: number, count: number): string {
  return `let left = ${count};
    for (let index = 0; index < ${count}; index += 1) require('node:net').connect(${port}, '127.0.0.1', () => --left || process.exit());`;
}

function newFront(): NativeFront {
  return new NativeFront((onEvents) => createFrontCalls(loadAddon(), 1_000, onEvents), assert.fail);
}

interface Accepted {
  readonly near: NativeSocket;
  readonly far: net.Socket;
  readonly heard: Heard;
  readonly counts: { closed: number };
}

/** A listener of the front, and a way to connect to it. */
async function listener(context: TestContext, front = newFront()) {
  const accepted: NativeSocket[] = [];
  const counts = { closed: 0 };
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0, reusePort: true });
  const { port } = bound.address() as net.AddressInfo;
  bound.close();
  const close = await nativeAcceptor(front).join({ host: '127.0.0.1', port, ipv6Only: false }, 128, {
    connection: (socket) => void accepted.push(socket as NativeSocket),
    closed: () => void (counts.closed += 1),
    error: (error) => assert.fail(error),
  });
  context.after(close);
  const connect = async (): Promise<Accepted> => {
    const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => {});
    context.after(() => far.destroy());
    await once(far, 'connect');
    await until(() => accepted.length > 0);
    const near = accepted.shift();
    assert.ok(near);
    context.after(() => near.destroy());
    const heard = new Heard();
    own(near, heard);
    return { near, far, heard, counts };
  };
  return { port, close, connect, counts };
}

if (ENGINES.includes('native')) {
  describe('a connection that came in', () => {
    test('says who is there, and tells nothing until it is read', async (context) => {
      const { near, far, heard } = await (await listener(context)).connect();
      assert.deepEqual([near.remoteAddress, near.remotePort], ['127.0.0.1', far.localPort]);
      far.write('question');
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(heard.bytes, '');
      near.resume();
      await until(() => heard.bytes === 'question');
    });

    test('in one batch with the one at which its listener was closed is served too', async () => {
      const front = newFront();
      const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
      const { port } = bound.address() as net.AddressInfo;
      const served: NativeSocket[] = [];
      const close = front.listen(
        bound.fd(),
        { isOurs: false, backlog: 64 },
        {
          accepted: (socket) => {
            served.push(socket);
            if (served.length === 5) close();
          },
          closed: () => {},
          failed: assert.fail,
        },
      );
      bound.close();
      // All of them are in the queue before the front has looked at it: this turn of the loop belongs to the programs that connect.
      execFileSync(process.execPath, ['-e', queueUp(port, 20)]);
      await until(() => served.length >= 5);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(served.length, 20);
      for (const socket of served) socket.destroy();
    });

    test('is written to, also more than the kernel takes at once, and its end comes behind that', async (context) => {
      const { near, far, heard } = await (await listener(context)).connect();
      const flood = Buffer.alloc(8 * KIB * KIB, 'x');
      near.write(flood);
      assert.equal(near.writableLength, 1);
      let flushed = 0;
      near.end(Buffer.from('end'), () => (flushed += 1));
      assert.equal(flushed, 0);
      const seen = await read(far, flood.length + 3);
      assert.equal(seen.subarray(-3).toString(), 'end');
      await once(far, 'end');
      assert.deepEqual([flushed, heard.events], [1, []]);
    });

    test('ends in both directions, and is closed then', async (context) => {
      const { near, far, heard, counts } = await (await listener(context)).connect();
      const seen = endOf(far);
      near.resume();
      far.end('bye');
      await until(() => heard.events.includes('end'));
      assert.deepEqual([heard.bytes, near.readableEnded, near.destroyed], ['bye', true, false]);
      near.end(NOTHING, () => {});
      await until(() => near.destroyed);
      await until(() => heard.events.includes('close'));
      assert.deepEqual([heard.events, counts.closed], [['end', 'close'], 1]);
      assert.equal(await seen, 'fin');
    });

    test('is reset, and its owner hears that before the close', async (context) => {
      const { near, far, heard } = await (await listener(context)).connect();
      near.resume();
      far.resetAndDestroy();
      await until(() => heard.events.length === 2);
      assert.deepEqual(heard.events, ['ECONNRESET', 'close']);
    });

    test('is closed from here once, whatever is still asked of it', async (context) => {
      const { near, far, heard, counts } = await (await listener(context)).connect();
      const seen = endOf(far);
      near.destroy();
      near.destroy();
      near.resume();
      near.write(Buffer.from('late'));
      near.pause();
      assert.equal(await seen, 'fin');
      assert.deepEqual([heard.events, counts.closed], [['close'], 1]);
    });

    test('becomes a stream with what waits, in order, and its close is told when that closes', async (context) => {
      const { near, far, counts } = await (await listener(context)).connect();
      const flood = Buffer.alloc(8 * KIB * KIB, 'x');
      near.write(flood);
      far.write('hello');
      const stream = near.toStream(1);
      stream.write('last');
      const seen = await read(far, flood.length + 4);
      assert.equal(seen.subarray(-4).toString(), 'last');
      assert.equal(String(await read(stream, 5)), 'hello');
      assert.equal(counts.closed, 0);
      stream.destroy();
      await once(stream, 'close');
      assert.equal(counts.closed, 1);
    });
  });

  describe('a connection that goes out', () => {
    test('is there with its own address', async (context) => {
      const { port, counts } = await listener(context);
      const socket = newFront().connect({ address: '127.0.0.1', port });
      context.after(() => socket.destroy());
      await new Promise<void>((resolve) => (socket.onConnect = resolve));
      assert.equal(socket.localAddress, '127.0.0.1');
      assert.ok((socket.localPort ?? 0) > 0);
      assert.equal(counts.closed, 0);
    });

    for (const [what, address, code] of [
      ['refused', '127.0.0.1', 'ECONNREFUSED'],
      ['not an address', 'localhost', 'EINVAL'],
    ] as const) {
      test(`is told of as an error where it is ${what}`, async (context) => {
        const { port, close } = await listener(context);
        close();
        const heard = new Heard();
        own(newFront().connect({ address, port }), heard);
        await until(() => heard.events.length === 2);
        assert.deepEqual(heard.events, [code, 'close']);
      });
    }
  });

  test('a listener that is closed takes nobody, and the others stay', async (context) => {
    const { port, close, connect } = await listener(context);
    const { near, far, heard } = await connect();
    close();
    const late = net.connect(port, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
    near.resume();
    far.write('still here');
    await until(() => heard.bytes === 'still here');
  });

  test('300 connections that end in every way leave no descriptor behind', async (context) => {
    const { connect } = await listener(context);
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const round = async (): Promise<void> => {
      const all = await Promise.all(Array.from({ length: 30 }, connect));
      for (const [index, { near, far }] of all.entries()) {
        near.resume();
        if (index % 4 === 0) near.destroy();
        else if (index % 4 === 1) far.resetAndDestroy();
        else if (index % 4 === 2) near.toStream(1).destroy();
        else {
          far.end();
          near.end(NOTHING, () => {});
        }
      }
      await until(() => all.every(({ near }) => near.destroyed));
      for (const { far } of all) far.destroy();
      for (const { far } of all) if (!far.closed) await once(far, 'close');
    };
    await round();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const before = descriptors();
    for (let count = 0; count < 10; count += 1) await round();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(descriptors(), before);
  });
}

/** Calls that say what was asked of them. */
function fakeCalls(words: Int32Array<ArrayBuffer>): { calls: FrontCalls; asked: string[] } {
  const asked: string[] = [];
  let next = 0;
  const calls: FrontCalls = {
    self: {},
    words,
    texts: Buffer.from(words.buffer),
    room: NOTHING,
    listen: () => 0,
    connect: () => (next += 1),
    read: () => void asked.push('read'),
    write: () => (asked.push('write'), false),
    finish: () => void asked.push('finish'),
    close: () => void asked.push('close'),
    unsent: () => (asked.push('unsent'), NOTHING),
    release: () => (asked.push('release'), -1),
    errorCode: () => 'EMFILE',
  };
  return { calls, asked };
}

test('nothing is asked about a connection that is closed: its place may be another’s', async () => {
  const { calls, asked } = fakeCalls(new Int32Array(18));
  const socket = new NativeFront(() => calls, assert.fail).connect({ address: '127.0.0.1', port: 1 });
  socket.destroy();
  assert.deepEqual(asked.splice(0), ['close']);
  const stream = socket.toStream(1);
  assert.equal(stream.destroyed, true);
  socket.write(Buffer.from('late'));
  socket.end(Buffer.from('later'), () => {});
  socket.resume();
  socket.pause();
  socket.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, []);
});

test('an event of an earlier connection of the same place is not told to the later one', () => {
  const words = new Int32Array(18);
  // FRONT_END (4) of place 1 in its first turn; the connection there is of its second.
  words.set([4, 1], 0);
  let tell: (count: number) => void = () => {};
  const calls = { ...fakeCalls(words).calls, connect: () => 0x10_0001 };
  const front = new NativeFront((onEvents) => ((tell = onEvents), calls), assert.fail);
  const heard = new Heard();
  own(front.connect({ address: '127.0.0.1', port: 1 }), heard);
  tell(1);
  assert.deepEqual(heard.events, []);
  words[1] = 0x10_0001;
  tell(1);
  assert.deepEqual(heard.events, ['end']);
});

test('a bug of one connection’s owner costs the others of the batch nothing', () => {
  const words = new Int32Array(18 * 4);
  // Twice FRONT_END (4), for ids 1 and 2.
  words.set([4, 1], 0);
  words.set([4, 2], 18);
  let tell: (count: number) => void = () => {};
  const bugs: string[] = [];
  const { calls } = fakeCalls(words);
  const front = new NativeFront(
    (onEvents) => {
      tell = onEvents;
      return calls;
    },
    (error) => void bugs.push(error.message),
  );
  const [first, second] = [new Heard(), new Heard()];
  first.socketEnd = () => {
    throw new Error('a bug');
  };
  own(front.connect({ address: '127.0.0.1', port: 1 }), first);
  own(front.connect({ address: '127.0.0.1', port: 1 }), second);
  tell(2);
  assert.deepEqual(second.events, ['end']);
  assert.deepEqual(bugs, ['a bug']);
});
