// Who may come through which door, in which order refusals come, and what a stranger gets to know.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import type { TenantEntry } from '../core/tenant.ts';
import { writeTenants } from '../policy/tenant-text.ts';
import { makeCertificate } from '../test/support/certificate.ts';
import { makeHello, UNRECOGNIZED_NAME } from '../test/support/hello.ts';
import { readAll, startTestNode, type TestNode } from '../test/support/plane.ts';
import { ENGINES } from '../test/support/relay.ts';
import { DATA, DATA_HOST, OTHER_HOST } from '../test/support/settings.ts';
import { echo, startUpstream, type Upstream } from '../test/support/upstream.ts';

const ours = makeCertificate(['proxy.test', 'gw.test']);
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const NONE = { tokens: [], certificate: null, sources: [], sniBySource: false, endpoints: null, tunnels: null, opensPerSecond: null };
const TENANTS: readonly TenantEntry[] = [
  { ...NONE, id: 'acme', tokens: [hashOf('t')], endpoints: ['production'] },
  { ...NONE, id: 'elsewhere', tokens: [hashOf('t')], sources: ['192.0.2.0/24'] },
  { ...NONE, id: 'staging', tokens: [hashOf('t')], endpoints: ['staging'] },
];
const basic = (user: string, token = 't'): string => `Proxy-Authorization: Basic ${Buffer.from(`${user}:${token}`).toString('base64')}\r\n`;
const GATEWAY_HEAD = `GET /mqtt HTTP/1.1\r\nHost: gw.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`;

for (const relay of ENGINES) {
  describe(`with tenants (${relay})`, () => {
    let upstream: Upstream;
    let node: TestNode;

    before(async () => {
      upstream = await startUpstream(echo);
      node = await startTestNode({
        relay,
        hosts: [DATA, { ...DATA, host: OTHER_HOST, endpoint: 'staging' }],
        gateways: [{ name: 'gw.test', endpoint: 'production', target: { host: DATA_HOST, port: 443 }, origins: [], caPem: null }],
        tls: { certificatePem: ours.certPem, keyPem: ours.keyPem, names: ['proxy.test'], minVersion: 'TLSv1.2', clients: null },
        tenants: { list: writeTenants(TENANTS), places: TENANTS.map(({ id }) => id).join('\n') },
        resolve: {
          servers: [],
          family: 'ipv4',
          pins: [{ host: DATA_HOST, port: 443, to: [{ address: '127.0.0.1', port: upstream.port }] }],
        },
      });
    });
    after(async () => {
      await node.close();
      await upstream.close();
      assert.deepEqual(node.bugs, []);
    });

    async function said(text: string): Promise<{ answer: string; reason: string; tenant: string | null }> {
      node.records.length = 0;
      const client = await node.connect();
      client.write(text);
      const answer = await readAll(client, (so) => so.startsWith('HTTP/1.1 200'));
      client.destroy();
      const { record } = await node.recorded(({ event }) => event === 'decision');
      return { answer, reason: record.reason, tenant: record.tenant };
    }

    const connect = (target: string, more = ''): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${more}\r\n`;

    for (const [what, head, status, reason, tenant] of [
      ['a bad head comes before credentials', `CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n`, '400', 'TARGET_MALFORMED', null],
      ['another Host too', `CONNECT ${DATA_HOST}:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n`, '400', 'HOST_MISMATCH', null],
      ['a listed target, and nobody', connect(`${DATA_HOST}:443`), '407', 'AUTH_REQUIRED', null],
      ['a target that is on no list, and nobody', connect('evil.test:443'), '407', 'AUTH_REQUIRED', null],
      ['a port that is on no list, and nobody', connect(`${DATA_HOST}:22`), '407', 'AUTH_REQUIRED', null],
      ['an address, and nobody', connect('192.0.2.1:443'), '407', 'AUTH_REQUIRED', null],
      ['a wrong token', connect('evil.test:443', basic('acme', 'x')), '407', 'AUTH_INVALID', null],
      ['a right token from elsewhere', connect('evil.test:443', basic('elsewhere')), '403', 'SOURCE_NOT_ALLOWED', 'elsewhere'],
      ['a tenant, and a target that is on no list', connect('evil.test:443', basic('acme')), '403', 'TARGET_NOT_ALLOWED', 'acme'],
      ['a tenant, and another one’s endpoint', connect(`${OTHER_HOST}:443`, basic('acme')), '403', 'TARGET_NOT_ALLOWED', 'acme'],
      [
        'a tenant, and a wrong port of another one’s endpoint',
        connect(`${OTHER_HOST}:22`, basic('acme')),
        '403',
        'TARGET_NOT_ALLOWED',
        'acme',
      ],
      ['a tenant, and an address', connect('192.0.2.1:443', basic('acme')), '403', 'TARGET_NOT_ALLOWED', 'acme'],
      ['GET is no matter of credentials', 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n', '404', 'NOT_FOUND', null],
    ] as const) {
      test(`${what}: ${reason}`, async () => {
        const { answer, ...recorded } = await said(head);
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} ${reason}\r\n`));
        assert.deepEqual(recorded, { reason, tenant });
        if (status !== '407') return;
        assert.match(answer, /\r\nProxy-Authenticate: Basic realm="pinhole"\r\n(.*\r\n)*Content-Length: 0\r\nConnection: close\r\n\r\n$/);
      });
    }

    test('what a stranger hears of a listed target and of any other is the same but for the id', async () => {
      const [listed, other] = [await said(connect(`${DATA_HOST}:443`)), await said(connect('evil.test:443'))];
      const withoutId = (text: string): string => text.replace(/Pinhole-Request: \w+/, '');
      assert.equal(withoutId(listed.answer), withoutId(other.answer));
    });

    test('a tenant goes through, is in the record, and has its place counted', async () => {
      node.records.length = 0;
      const client = await node.connect();
      client.write(connect(`${DATA_HOST}:443`, basic('acme')));
      assert.match(await readAll(client, (text) => text.endsWith('\r\n\r\n')), /^HTTP\/1\.1 200 /);
      client.write(makeHello({ sni: DATA_HOST }));
      const { record } = await node.recorded(({ event }) => event === 'decision');
      assert.deepEqual([record.tenant, record.reason], ['acme', 'OK']);
      assert.doesNotMatch(JSON.stringify(record), /Basic|YWNtZTp0/);
      client.destroy();
      await node.recorded(({ event }) => event === 'close');
    });

    test('its own limits come before anybody else is asked, and are told with a time to wait', async () => {
      node.tenantLimit = 'TENANT_TUNNELS_FULL';
      const opens = node.counts.open;
      const { answer, ...recorded } = await said(connect(`${DATA_HOST}:443`, basic('acme')));
      node.tenantLimit = null;
      assert.match(answer, /^HTTP\/1\.1 429 TENANT_TUNNELS_FULL\r\n(.*\r\n)*Retry-After: (\d|[12]\d|30)\r\n/);
      assert.deepEqual(recorded, { reason: 'TENANT_TUNNELS_FULL', tenant: 'acme' });
      assert.equal(node.counts.open, opens);
    });

    test('on sni there is nothing to show: an alert', async () => {
      node.records.length = 0;
      const client = await node.connect();
      client.write(makeHello({ sni: DATA_HOST }));
      assert.equal(await readAll(client), UNRECOGNIZED_NAME.toString('latin1'));
      const { record } = await node.recorded(({ event }) => event === 'decision');
      assert.deepEqual([record.reason, record.tenant, record.door], ['SOURCE_NOT_ALLOWED', null, 'sni']);
    });

    async function overGateway(head: string): Promise<string> {
      const socket = tls.connect({ host: '127.0.0.1', port: node.port, ca: ours.certPem, servername: 'gw.test' });
      await once(socket, 'secureConnect');
      socket.write(head);
      return readAll(socket);
    }

    for (const [what, head, expected] of [
      ['nobody', `${GATEWAY_HEAD}\r\n`, /^HTTP\/1\.1 401 AUTH_REQUIRED\r\n(.*\r\n)*WWW-Authenticate: Basic realm="pinhole"\r\n/],
      [
        'nobody, with a Host that is not ours',
        `${GATEWAY_HEAD.replace('Host: gw.test', 'Host: evil.test')}\r\n`,
        /^HTTP\/1\.1 401 AUTH_REQUIRED/,
      ],
      ['nobody, with an Origin that is not listed', `${GATEWAY_HEAD}Origin: https://evil.test\r\n\r\n`, /^HTTP\/1\.1 401 AUTH_REQUIRED/],
      [
        'a tenant, with an Origin that is not listed',
        `${GATEWAY_HEAD}Origin: https://evil.test\r\n${basic('acme')}\r\n`,
        /^HTTP\/1\.1 403 ORIGIN_NOT_ALLOWED/,
      ],
      ['AWS’s own Authorization is none of ours', `${GATEWAY_HEAD}Authorization: Basic YWNtZTp0\r\n\r\n`, /^HTTP\/1\.1 401 AUTH_REQUIRED/],
      ['a wrong token', `${GATEWAY_HEAD}${basic('acme', 'x')}\r\n`, /^HTTP\/1\.1 401 AUTH_INVALID/],
      ['a tenant of another endpoint', `${GATEWAY_HEAD}${basic('staging')}\r\n`, /^HTTP\/1\.1 403 TARGET_NOT_ALLOWED/],
    ] as const) {
      test(`on the gateway, ${what}`, async () => assert.match(await overGateway(head), expected));
    }

    test('health is nobody’s secret', async () => {
      const client = await node.connect();
      client.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.match(await readAll(client), /^HTTP\/1\.1 200 OK/);
    });
  });
}
