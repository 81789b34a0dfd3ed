import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { mock, test, type TestContext } from 'node:test';
import type { SocketAddress } from '../core/address.ts';
import { systemClock } from '../core/clock.ts';
import type { FaultCode } from '../core/fault.ts';
import { Interrupt } from '../core/interrupt.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { startUpstream, type Upstream } from '../test/support/upstream.ts';
import { asSocket } from './as-stream.ts';
import { connectStream, createDial, type DialOptions } from './dial.ts';
import { own } from './owned-socket.ts';

async function dial(addresses: readonly SocketAddress[], given: DialOptions): Promise<{ socket: net.Socket; address: SocketAddress }> {
  const { socket, address } = await createDial(connectStream)(addresses, given);
  return { socket: asSocket(socket, 1), address };
}

function options(overrides: Partial<DialOptions> = {}): DialOptions {
  const clock = overrides.clock ?? systemClock;
  return { clock, highWaterMark: 1, deadlineMs: clock.nowMs() + 8_000, signal: new Interrupt(), noPort: () => {}, ...overrides };
}

async function upstream(context: TestContext, serve: (socket: net.Socket) => void = () => {}): Promise<Upstream & SocketAddress> {
  const started = await startUpstream(serve);
  context.after(() => started.close());
  return { ...started, address: '127.0.0.1' };
}

/** An address on loopback that refuses: its port was somebody's a moment ago. */
async function refusing(): Promise<SocketAddress> {
  const { port, close } = await startUpstream(() => {});
  await close();
  return { address: '127.0.0.1', port };
}

function withCode(code: FaultCode, detail = /./): (error: unknown) => boolean {
  return (error) => {
    assert.match(String(error), detail);
    return error instanceof Error && 'code' in error && error.code === code;
  };
}

test('the next address is tried where the first refuses', async (context) => {
  const good = await upstream(context);
  const { socket } = await dial([await refusing(), good], options());
  assert.equal(socket.remotePort, good.port);
  socket.destroy();
});

test('where all refuse it is DIAL_REFUSED, and the words say which was tried last', async () => {
  const [first, last] = [await refusing(), await refusing()];
  await assert.rejects(dial([first, last], options()), withCode('DIAL_REFUSED', new RegExp(`127\\.0\\.0\\.1:${last.port}: ECONNREFUSED`)));
});

test('three addresses are tried, not a fourth', async (context) => {
  const good = await upstream(context);
  const three = [await refusing(), await refusing(), await refusing()];
  await assert.rejects(dial([...three, good], options()), withCode('DIAL_REFUSED'));
  assert.equal(good.connections.length, 0);
});

test('no address at all is a timeout, not a crash', async () => {
  await assert.rejects(dial([], options()), withCode('DIAL_TIMEOUT'));
});

test('a client that leaves ends the attempt, and no other address is tried', async (context) => {
  const good = await upstream(context);
  const leaving = new Interrupt();
  const dialled = dial([good, good], options({ signal: leaving }));
  leaving.abort();
  await assert.rejects(dialled, withCode('CLIENT_GONE'));
});

test('a client that has left already costs no connection', async (context) => {
  const good = await upstream(context);
  const left = new Interrupt();
  left.abort();
  await assert.rejects(dial([good], options({ signal: left })), withCode('CLIENT_GONE'));
  const { socket } = await dial([good], options());
  while (!good.connections.some(({ remotePort }) => remotePort === socket.localPort))
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(good.connections.length, 1, 'only the probe has arrived');
  socket.destroy();
});

test('an attempt that is not answered ends after 2.5 s, and the next address gets its turn', async (context) => {
  const good = await upstream(context);
  const clock = new FakeClock();
  const dialled = dial([good, good], options({ clock }));
  // Nothing has been read from the network yet, so for the first attempt this is silence.
  clock.advance(2_499);
  clock.advance(1);
  const { socket } = await dialled;
  assert.equal(socket.remotePort, good.port);
  socket.destroy();
});

test('every address silent is DIAL_TIMEOUT, with the address and the time', async (context) => {
  const silent = await upstream(context);
  const clock = new FakeClock();
  const dialled = dial([silent], options({ clock }));
  clock.advance(2_500);
  await assert.rejects(dialled, withCode('DIAL_TIMEOUT', new RegExp(`no answer from 127\\.0\\.0\\.1:${silent.port} within 2500 ms`)));
});

test('the deadline ends the running attempt, and no address is tried after it', async (context) => {
  const silent = await upstream(context);
  const clock = new FakeClock();
  const dialled = dial([silent, silent, silent], options({ clock, deadlineMs: clock.nowMs() + 1_000 }));
  clock.advance(1_000);
  await assert.rejects(dialled, withCode('DIAL_TIMEOUT', /within 1000 ms/));
});

test('a deadline that has passed dials nothing', async (context) => {
  const good = await upstream(context);
  const clock = new FakeClock();
  await assert.rejects(dial([good], options({ clock, deadlineMs: clock.nowMs() })), withCode('DIAL_TIMEOUT', /no time was left/));
  assert.equal(good.connections.length, 0);
});

test('the socket has no-delay and keep-alive of 60 s, then 4 probes 15 s apart', async (context) => {
  const good = await upstream(context);
  const noDelay = mock.method(net.Socket.prototype, 'setNoDelay');
  const keepAlive = mock.method(net.Socket.prototype, 'setKeepAlive');
  context.after(() => mock.restoreAll());
  const { socket } = await dial([good], options());
  assert.ok(noDelay.mock.calls.some((call) => call.this === socket && call.arguments[0] === true));
  const asked = keepAlive.mock.calls.find((call) => call.this === socket)?.arguments[0] as unknown;
  assert.deepEqual(asked, { enable: true, initialDelay: 60_000, interval: 15_000, count: 4 });
  socket.destroy();
});

test(
  'the kernel has the keep-alive timer running',
  { skip: process.platform !== 'linux' && '/proc/net/tcp is Linux’s' },
  async (context) => {
    const good = await upstream(context);
    const { socket } = await dial([good], options());
    const end = (port = 0): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const row = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // Another connection of that port may still be in TIME_WAIT.
      .find((fields) => fields[1] === end(socket.localPort) && fields[2] === end(good.port));
    // proc(5): "tr:tm->when", 02 is the keep-alive timer, in hundredths of a second.
    const [timer, when = ''] = (row?.[5] ?? '').split(':');
    assert.equal(timer, '02');
    const seconds = Number.parseInt(when, 16) / 100;
    assert.ok(seconds > 50 && seconds <= 61, `${seconds} s`);
    socket.destroy();
  },
);

test('the socket comes paused: what the upstream says first waits until somebody asks', async (context) => {
  const good = await upstream(context, (socket) => socket.write('220 hello\r\n'));
  const { socket } = await dial([good], options());
  assert.equal(socket.isPaused(), true);
  const { promise: seen, resolve } = Promise.withResolvers<Buffer>();
  own(socket, { socketData: (_socket, chunk) => resolve(chunk), socketEnd: () => {}, socketError: () => {}, socketClose: () => {} });
  socket.resume();
  assert.equal(String(await seen), '220 hello\r\n');
  socket.destroy();
});

test('a half that is closed leaves the other open', async (context) => {
  const good = await upstream(context, (socket) => socket.end('bye'));
  const { socket } = await dial([good], options());
  socket.resume();
  await once(socket, 'end');
  assert.equal(socket.writable, true);
  socket.destroy();
});

test('the address that answered is told', async (context) => {
  const good = await upstream(context);
  const dialled = await dial([await refusing(), good], options());
  assert.equal(dialled.address, good);
  dialled.socket.destroy();
});

test('a socket that fails while nobody owns it yet does not end the process', async (context) => {
  const good = await upstream(context);
  const { socket } = await dial([good], options());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  while (good.connections.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  good.connections[0]?.resetAndDestroy();
  socket.resume();
  await closed;
});

for (const [systemCode, code] of [
  ['ECONNREFUSED', 'DIAL_REFUSED'],
  ['ECONNRESET', 'DIAL_REFUSED'],
  ['ETIMEDOUT', 'DIAL_TIMEOUT'],
  ['EADDRNOTAVAIL', 'PORTS_EXHAUSTED'],
  ['EMFILE', 'NODE_FULL'],
  ['ENFILE', 'NODE_FULL'],
  ['EHOSTUNREACH', 'DIAL_FAILED'],
  ['ENETUNREACH', 'DIAL_FAILED'],
  ['EACCES', 'DIAL_FAILED'],
] as const) {
  test(`${systemCode} is ${code}, with the system's code in its words and the error as its cause`, async (context) => {
    const error = Object.assign(new Error(systemCode), { code: systemCode });
    mock.method(net.Socket.prototype, 'connect', function connect(this: net.Socket) {
      return this.destroy(error);
    });
    context.after(() => mock.restoreAll());
    const withoutPort: SocketAddress[] = [];
    const to = { address: '192.0.2.7', port: 443 };
    await assert.rejects(dial([to], options({ noPort: (address) => withoutPort.push(address) })), (thrown: unknown) => {
      assert.equal((thrown as Error).cause, error);
      return withCode(code, new RegExp(`192\\.0\\.2\\.7:443: ${systemCode}`))(thrown);
    });
    assert.deepEqual(withoutPort, code === 'PORTS_EXHAUSTED' ? [to] : []);
  });
}
