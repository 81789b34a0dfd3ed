import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Gate } from './gate.ts';

async function echo(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function ask(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('here');
  assert.equal(String((await once(socket, 'data'))[0]), 'here');
  return socket;
}

test('a way carries bytes, breaks what is open when it is cut, refuses meanwhile, and is the same when it is mended', async (t) => {
  const gate = await Gate.open({ host: '127.0.0.1', port: await echo(t) });
  t.after(() => gate.close());
  const open = await ask(gate.port);
  const closed = once(open, 'close');
  gate.cut();
  await closed;
  await assert.rejects(ask(gate.port), { code: 'ECONNREFUSED' });
  await gate.mend();
  (await ask(gate.port)).destroy();
});

test('the end of one side is passed on', async (t) => {
  const gate = await Gate.open({ host: '127.0.0.1', port: await echo(t) });
  t.after(() => gate.close());
  const socket = await ask(gate.port);
  const ended = once(socket, 'end');
  socket.end();
  await ended;
});
