import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { parseClientHello } from '../aws-iot/tls/client-hello.ts';
import { ALPN, isHello, SERVER_NAME, withoutExtension } from './hello-editor.ts';

/** The first bytes of a real client. */
async function hello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'proxy.test',
    ALPNProtocols: ['mqtt', 'h2'],
  });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

test('one extension goes, the others stay, and the lengths are right', async () => {
  const bytes = await hello();
  assert.ok(isHello(bytes));
  assert.deepEqual(parseClientHello(bytes), { kind: 'hello', serverName: 'proxy.test', alpn: ['mqtt', 'h2'] });
  assert.deepEqual(parseClientHello(withoutExtension(bytes, ALPN)), { kind: 'hello', serverName: 'proxy.test', alpn: [] });
  assert.deepEqual(parseClientHello(withoutExtension(bytes, SERVER_NAME)), { kind: 'hello', serverName: undefined, alpn: ['mqtt', 'h2'] });
});

test('what stands behind the hello is left alone', async () => {
  const bytes = await hello();
  assert.ok(
    withoutExtension(Buffer.concat([bytes, Buffer.from('more')]), ALPN).equals(
      Buffer.concat([withoutExtension(bytes, ALPN), Buffer.from('more')]),
    ),
  );
});

test('an HTTP request is no hello', () => assert.equal(isHello(Buffer.from('CONNECT a:443 HTTP/1.1')), false));
