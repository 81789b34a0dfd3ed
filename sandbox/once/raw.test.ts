import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { bytesInTunnel, connectHead, helloAtDoor, helloInTunnel, sayRaw, type Door } from './raw.ts';

const ALERT = Buffer.from('15030300020270', 'hex');

/** A proxy that does what a test says with each connection's first bytes. */
async function door(t: TestContext, onFirst: (client: Socket, first: Buffer) => void): Promise<Door> {
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (first: Buffer) => onFirst(client, first));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

for (const [name, answer, expected] of [
  ['a refusal with its reason', 'HTTP/1.1 403 X\r\nPinhole-Reason: TARGET_NOT_ALLOWED\r\n\r\n', '403 TARGET_NOT_ALLOWED'],
  ['a reason in another spelling', 'HTTP/1.1 400 X\r\npinhole-reason: A\r\n\r\n', '400 A'],
  ["an answer that is AWS's", 'HTTP/1.1 403 Forbidden\r\nPinhole-Answer: upstream\r\n\r\n', '403 from AWS'],
  ['a bare status', 'HTTP/1.1 200 Connection established\r\n\r\n', '200'],
  ['nothing', '', 'closed'],
  ['an alert', ALERT, 'alert unrecognized_name'],
  ['something else', 'SSH-2.0\r\n', 'not HTTP: "SSH-2.0\\r\\n"'],
] as const) {
  test(`${name} is seen as ${expected}`, async (t) => {
    assert.equal(await sayRaw(await door(t, (client) => client.end(answer)), connectHead('a:443')), expected);
  });
}

test('a door where nobody listens is not a close', async () => {
  assert.equal(await sayRaw({ host: '127.0.0.1', port: 1 }, 'x'), 'no connection');
});

test('an alert inside an open tunnel, in answer to a hello or to anything else, is seen', async (t) => {
  const proxy = await door(t, (client) => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.once('data', () => client.end(ALERT));
  });
  assert.equal(await helloInTunnel(proxy, 'a:443', { servername: 'b.example' }), 'alert unrecognized_name');
  assert.equal(await bytesInTunnel(proxy, 'a:443', 'SSH'), 'alert unrecognized_name');
});

test('a tunnel that is refused shows the refusal instead', async (t) => {
  const proxy = await door(t, (client) => client.end('HTTP/1.1 503 X\r\nPinhole-Reason: DRAINING\r\n\r\n'));
  assert.equal(await helloInTunnel(proxy, 'a:443', { servername: 'b.example' }), '503 DRAINING');
  assert.equal(await bytesInTunnel(proxy, 'a:443', 'SSH'), '503 DRAINING');
});

test('an alert at the door is seen', async (t) => {
  assert.equal(await helloAtDoor(await door(t, (client) => client.end(ALERT)), { servername: 'b.example' }), 'alert unrecognized_name');
  assert.equal(await helloAtDoor(await door(t, (client) => client.destroy()), { servername: 'b.example' }), 'closed');
});
