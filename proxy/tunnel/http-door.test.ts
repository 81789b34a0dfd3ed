// The address list at the agents' own door: in clear and over TLS, whatever the limits say, and nowhere else.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate } from '../test/support/certificate.ts';
import { readAll, startTestNode, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { testSettings } from '../test/support/settings.ts';

const ours = makeCertificate(['proxy.test']);
const LIST = { text: '{"version":1}\n', etag: '"0123"' };
const ASK = 'GET /.well-known/pinhole/addresses.json HTTP/1.1\r\nHost: anything.test\r\n';
const { limits } = testSettings();

for (const relay of ENGINES) {
  describe(`on the ${relay} engine`, () => {
    let node: TestNode;

    before(async () => {
      node = await startTestNode({
        relay,
        addresses: LIST,
        limits: { ...limits, pending: 2 },
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
      });
    });

    after(async () => {
      await node.close();
      assert.deepEqual(node.bugs, []);
      assert.deepEqual({ open: node.counts.open, pending: node.counts.pending }, { open: 0, pending: 0 });
    });

    async function ask(request: string): Promise<string> {
      const client = await node.connect();
      client.write(request);
      return readAll(client);
    }

    test('the list is served in clear, without a record, and the connection closed', async () => {
      assert.match(await ask(`${ASK}\r\n`), /^HTTP\/1\.1 200 OK\r\nETag: "0123"\r\n[^]*\r\n\r\n\{"version":1\}\n$/);
      assert.match(await ask(`${ASK.replace('GET', 'HEAD')}\r\n`), /^HTTP\/1\.1 200 [^]*Content-Length: 14\r\n[^]*\r\n\r\n$/);
      assert.equal(node.records.length, 0);
    });

    test('who has it is told so', async () => {
      assert.match(await ask(`${ASK}If-None-Match: "0123"\r\n\r\n`), /^HTTP\/1\.1 304 [^]*\r\n\r\n$/);
      assert.match(await ask(`${ASK}If-None-Match: "4567"\r\n\r\n`), /^HTTP\/1\.1 200 /);
    });

    test('over TLS to our name, and to none', async () => {
      for (const servername of ['proxy.test', '']) {
        const checks = servername === '' ? { checkServerIdentity: () => undefined } : { servername };
        const socket = tls.connect({ host: '127.0.0.1', port: node.port, ca: ours.certPem, ...checks });
        await once(socket, 'secureConnect');
        socket.write(`${ASK}\r\n`);
        assert.match(await readAll(socket), /^HTTP\/1\.1 200 OK\r\n[^]*\{"version":1\}\n$/);
      }
      assert.equal(node.records.length, 0);
    });

    test('a node that is full or draining still serves it', async () => {
      Object.assign(node, { limit: 'NODE_FULL', isDraining: true });
      const silent = [await node.connect(), await node.connect()];
      for (const client of silent) client.write('C');
      while (node.counts.pending < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.match(await ask(`${ASK}\r\n`), /^HTTP\/1\.1 200 /);
      for (const client of silent) client.destroy();
      Object.assign(node, { limit: null, isDraining: false });
      while (node.counts.pending > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });

    test('a request that is not well formed is refused as before', async () => {
      const refused = node.records.length;
      assert.match(await ask(`${ASK}Bad Field: x\r\n\r\n`), /^HTTP\/1\.1 400 HEAD_MALFORMED\r\n/);
      assert.match(await ask(`${ASK.replace('GET', 'POST')}\r\n`), /^HTTP\/1\.1 405 METHOD_NOT_ALLOWED\r\n/);
      assert.match(await ask(`${ASK.replace('.json', '.txt')}\r\n`), /^HTTP\/1\.1 404 NOT_FOUND\r\n/);
      assert.equal(node.records.length, refused + 3);
    });
  });
}

test('a node without a list says NOT_FOUND', async () => {
  const node = await startTestNode();
  const client = await node.connect();
  client.write(`${ASK}\r\n`);
  assert.match(await readAll(client), /^HTTP\/1\.1 404 NOT_FOUND\r\n/);
  await node.recorded(({ record }) => record.reason === 'NOT_FOUND');
  await node.close();
});
