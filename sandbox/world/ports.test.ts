import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { pickPort } from './ports.ts';

/** Nobody else's: only what a test does takes a port of it. */
const ADDRESS = '127.0.79.1';

test('a port that is free is taken as it is, and one that is not is said to be', async () => {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const moved = await pickPort(port, [ADDRESS]);
  assert.notEqual(moved.number, port);
  assert.equal(moved.insteadOf, port);

  server.close();
  await once(server, 'close');
  assert.deepEqual(await pickPort(port, [ADDRESS]), { number: port, insteadOf: null });
});

test('without a wish any port will do, and nothing is said', async () => {
  const { number, insteadOf } = await pickPort(0);
  assert.ok(number > 0);
  assert.equal(insteadOf, null);
});
