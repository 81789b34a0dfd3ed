// Client certificates at a node, by real TLS clients: whom it takes for whom, and each kind that has to be refused.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import type { ClientCertificates } from '../core/settings.ts';
import type { TenantEntry } from '../core/tenant.ts';
import { writeTenants } from '../policy/tenant-text.ts';
import { makeCertificate } from '../test/support/certificate.ts';
import { type ClientName, makeClientPki } from '../test/support/client-pki.ts';
import { readAll, startTestNode, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';

const pki = makeClientPki();
const ours = makeCertificate(['proxy.test']);
const NONE = { tokens: [], sources: [], sniBySource: false, endpoints: null, tunnels: null, opensPerSecond: null };
const TENANTS: readonly TenantEntry[] = [
  { ...NONE, id: 'acme', certificate: { by: 'commonName', name: 'acme' } },
  { ...NONE, id: 'globex', certificate: { by: 'san', name: 'spiffe://example/globex' } },
];

function nodeWith(relay: (typeof ENGINES)[number], clients: Partial<ClientCertificates>): Promise<TestNode> {
  return startTestNode({
    relay,
    tls: {
      certificatePem: ours.certPem,
      keyPem: ours.keyPem,
      names: ['proxy.test'],
      minVersion: 'TLSv1.2',
      clients: { caPem: pki.caPem, crlPem: pki.crlPem, isRequired: true, ...clients },
    },
    tenants: { list: writeTenants(TENANTS), places: 'acme\nglobex' },
  });
}

interface Seen {
  /** The first line of the answer; empty where there was none. */
  readonly answer: string;
  /** How the client saw the connection fail. */
  readonly error: string;
}

/** A CONNECT to a target that nobody has, so that whoever is let in hears TARGET_NOT_ALLOWED. */
async function come(node: TestNode, name: ClientName | null, options: tls.ConnectionOptions = {}): Promise<Seen> {
  const pair = name === null ? {} : pki.clients[name];
  const socket = tls.connect({ host: '127.0.0.1', port: node.port, ca: ours.certPem, servername: 'proxy.test', ...pair, ...options });
  let error = '';
  socket.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code ?? thrown.message));
  const text = readAll(socket);
  socket.once('secureConnect', () => socket.write(`CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n`));
  const answer = (await text).split('\r\n')[0] ?? '';
  socket.destroy();
  return { answer, error };
}

async function reasonOf(node: TestNode): Promise<[reason: string, tenant: string | null]> {
  const { record } = await node.recorded(({ event }) => event === 'decision');
  node.records.length = 0;
  return [record.reason, record.tenant];
}

const REFUSED: readonly (readonly [what: string, client: ClientName | null])[] = [
  ['none at all', null],
  ['one that signs itself', 'selfSigned'],
  ['one of another CA', 'otherCa'],
  ['one that is expired', 'expired'],
  ['one that is not yet valid', 'early'],
  ['one that is revoked', 'revoked'],
  ['one for servers only', 'serverOnly'],
];
const LET_IN: readonly (readonly [what: string, client: ClientName, tenant: string])[] = [
  ['by its common name', 'good', 'acme'],
  ['by a URI of its SAN', 'named', 'globex'],
];

for (const relay of ENGINES) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    describe(`a certificate is required (${relay}, ${version})`, () => {
      let node: TestNode;
      const only = { minVersion: version, maxVersion: version } as const;

      before(async () => {
        node = await nodeWith(relay, {});
      });
      after(async () => {
        await node.close();
        assert.deepEqual(node.bugs, []);
        assert.deepEqual({ open: node.counts.open, pending: node.counts.pending }, { open: 0, pending: 0 });
      });

      for (const [what, client] of REFUSED) {
        test(`refused: ${what}`, async () => {
          const { answer, error } = await come(node, client, only);
          assert.equal(answer, '');
          if (client === null) assert.match(error, /HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED/);
          assert.deepEqual(await reasonOf(node), ['CERTIFICATE_INVALID', null]);
        });
      }

      for (const [what, client, tenant] of LET_IN) {
        test(`known ${what}`, async () => {
          assert.equal((await come(node, client, only)).answer, 'HTTP/1.1 403 TARGET_NOT_ALLOWED');
          assert.deepEqual(await reasonOf(node), ['TARGET_NOT_ALLOWED', tenant]);
        });
      }

      for (const client of ['unknown', 'twoNames'] as const) {
        test(`good, and of nobody: ${client}`, async () => {
          assert.equal((await come(node, client, only)).answer, 'HTTP/1.1 403 SOURCE_NOT_ALLOWED');
          assert.deepEqual(await reasonOf(node), ['SOURCE_NOT_ALLOWED', null]);
        });
      }

      test('without a server name the certificate is asked for all the same (CVE-2026-32305)', async () => {
        const { answer } = await come(node, null, { ...only, servername: '', checkServerIdentity: () => undefined });
        assert.equal(answer, '');
        assert.deepEqual(await reasonOf(node), ['CERTIFICATE_INVALID', null]);
      });

      test('a session is not taken up again: each has to show it (CVE-2025-23419)', async () => {
        let session: Buffer | undefined;
        const socket = tls.connect({
          host: '127.0.0.1',
          port: node.port,
          ca: ours.certPem,
          servername: 'proxy.test',
          ...pki.clients.good,
          ...only,
        });
        socket.on('session', (got) => (session = got));
        socket.on('error', () => {});
        await once(socket, 'secureConnect');
        socket.write('CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n');
        await readAll(socket);
        await reasonOf(node);
        const { answer } = await come(node, null, { ...only, ...(session && { session }) });
        assert.equal(answer, '');
        assert.deepEqual(await reasonOf(node), ['CERTIFICATE_INVALID', null]);
      });
    });
  }

  describe(`a certificate is asked for (${relay})`, () => {
    let node: TestNode;
    before(async () => {
      node = await nodeWith(relay, { isRequired: false });
    });
    after(() => node.close());

    test('who shows none is a stranger like any other', async () => {
      assert.equal((await come(node, null)).answer, 'HTTP/1.1 403 SOURCE_NOT_ALLOWED');
      assert.deepEqual(await reasonOf(node), ['SOURCE_NOT_ALLOWED', null]);
    });

    for (const [what, client] of REFUSED) {
      if (client === null) continue;
      test(`refused all the same: ${what}`, async () => {
        assert.equal((await come(node, client)).answer, '');
        assert.deepEqual(await reasonOf(node), ['CERTIFICATE_INVALID', null]);
      });
    }

    test('a good one is known', async () => {
      await come(node, 'good');
      assert.deepEqual(await reasonOf(node), ['TARGET_NOT_ALLOWED', 'acme']);
    });
  });

  test(`a revocation list that is out of date refuses everybody; one without him lets him in (${relay})`, async () => {
    for (const [crlPem, client, reason] of [
      [pki.oldCrlPem, 'good', 'CERTIFICATE_INVALID'],
      [pki.emptyCrlPem, 'revoked', 'TARGET_NOT_ALLOWED'],
      [null, 'revoked', 'TARGET_NOT_ALLOWED'],
    ] as const) {
      const node = await nodeWith(relay, { crlPem });
      await come(node, client);
      assert.equal((await reasonOf(node))[0], reason);
      await node.close();
    }
  });
}
