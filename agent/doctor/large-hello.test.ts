import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { createAuthority } from '../testing/certificates.ts';
import { LARGE_HELLO_BYTES, renderLargeHello } from './large-hello.ts';

for (const name of ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com', 'x', null]) {
  test(`a hello for ${name} is as long as it says`, () => assert.equal(renderLargeHello(name).length, LARGE_HELLO_BYTES));
}

test('a TLS 1.3 server takes it for a hello, and reads the name in it', { timeout: 10_000 }, async (t) => {
  const authority = createAuthority('Test Root');
  let asked = '';
  const server = createServer({
    ...authority.issue('server', ['proxy.test']),
    SNICallback: (name, done) => {
      asked = name;
      done(null);
    },
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(renderLargeHello('proxy.test'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  // A handshake record with a ServerHello in it, not an alert.
  assert.deepEqual([answer[0], answer[5], asked], [0x16, 0x02, 'proxy.test']);
});
