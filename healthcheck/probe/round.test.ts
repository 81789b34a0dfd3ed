import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../clock.ts';
import type { OwnPlace, ProbeJob } from './contract.ts';
import { runRound, type RoundVerdict } from './round.ts';
import {
  ENDPOINT_CERTIFICATE,
  GATEWAY_NAME,
  PROXY_CERTIFICATE,
  PROXY_NAME,
  type Say,
  startEndpoint,
  startProxy,
} from './testing/far-ends.ts';
import { HOST, testJob } from './testing/job.ts';

const REFUSED = 'HTTP/1.1 502 DIAL_REFUSED\r\nPinhole-Reason: DIAL_REFUSED\r\nContent-Length: 0\r\n\r\n';
const FULL = 'HTTP/1.1 503 NODE_FULL\r\nPinhole-Reason: NODE_FULL\r\nContent-Length: 0\r\n\r\n';
const AWS_SAYS_NO = 'HTTP/1.1 403 Forbidden\r\nPinhole-Answer: upstream\r\nContent-Length: 0\r\n\r\n';
const READY = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nready\n';
const CLOSED = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\n\r\nclosed\n';

function job(place: OwnPlace, changes: Partial<ProbeJob> = {}): ProbeJob {
  return testJob({
    places: { connect: place },
    endpoints: [{ name: 'production', hosts: [{ host: HOST, port: 443 }], ca: ENDPOINT_CERTIFICATE.certPem }],
    failures: 1,
    ...changes,
  });
}

function round(of: ProbeJob, before: RoundVerdict | null = null): Promise<RoundVerdict> {
  return runRound(of, before, { clock: systemClock, tls: of.tls, login: of.login });
}

/** A node that answers `/ready` so, and CONNECT so. */
const node =
  (ready: string, connect: string | number): Say =>
  (head) =>
    head.startsWith('GET /ready ') ? ready : connect;

test('a round that gets through everywhere', async (t) => {
  const { port } = await startEndpoint(t);
  const clear = await startProxy(t, () => port);
  const secure = await startProxy(t, (head) => (head.startsWith('GET /mqtt ') ? AWS_SAYS_NO : port), PROXY_CERTIFICATE);
  const verdict = await round(
    job(clear, {
      places: { connect: clear, 'connect-tls': secure, gateway: secure },
      tls: { name: PROXY_NAME, certificates: PROXY_CERTIFICATE.certPem },
      gateways: [{ name: GATEWAY_NAME, endpoint: 'production' }],
    }),
  );
  assert.deepEqual([verdict.withdraw, verdict.troubles, verdict.peers], [false, [], []]);
  assert.deepEqual(
    verdict.attempts.map(({ way, outcome }) => `${way} ${outcome}`),
    ['connect through', 'connect-tls through', 'gateway through'],
  );
  assert.equal(verdict.endpoints[0]?.ok, true);
  assert.ok((verdict.certificateLeftMs ?? 0) > 0);
});

test('one way that fails is a failure of its endpoint', async (t) => {
  const { port } = await startEndpoint(t);
  const clear = await startProxy(t, () => port);
  const secure = await startProxy(t, () => REFUSED, PROXY_CERTIFICATE);
  const tls = { name: PROXY_NAME, certificates: PROXY_CERTIFICATE.certPem };
  const { endpoints } = await round(job(clear, { places: { connect: clear, 'connect-tls': secure }, tls }));
  assert.equal(endpoints[0]?.ok, false);
});

test('a node that is full says nothing about AWS', async (t) => {
  const { endpoints, troubles } = await round(job(await startProxy(t, () => FULL)));
  assert.deepEqual([endpoints[0]?.ok, endpoints[0]?.failed, troubles], [null, 0, []]);
});

test('other nodes are asked for what failed here, and only then', async (t) => {
  const { port } = await startEndpoint(t);
  const asked: string[] = [];
  const other = await startProxy(t, (head) => (asked.push(head.split(' ', 2).join(' ')), node(READY, port)(head)));
  const own = { says: port as string | number };
  const here = await startProxy(t, () => own.says);

  const good = await round(job(here, { peers: [other] }));
  assert.deepEqual(asked.splice(0), ['GET /ready']);
  assert.deepEqual([good.withdraw, good.peers[0]?.ready, good.peers[0]?.through], [false, 'yes', {}]);

  own.says = REFUSED;
  const bad = await round(job(here, { peers: [other] }), good);
  assert.deepEqual(asked.sort(), [`CONNECT ${HOST}:443`, 'GET /ready']);
  assert.deepEqual([bad.withdraw, bad.peers[0]?.through], [true, { production: true }]);
});

for (const [what, says, ready, through, withdraws] of [
  ['gets through', (port: number) => node(READY, port), 'yes', true, true],
  ['does not get through either', () => node(READY, REFUSED), 'yes', false, false],
  ['is full', () => node(READY, FULL), 'yes', null, false],
  ['is out, and gets through', (port: number) => node(CLOSED, port), 'no', true, false],
  ['is no node', () => () => 'SSH-2.0-x\r\n\r\n', 'silent', null, false],
  ['answers too much', (port: number) => node(`HTTP/1.1 200 OK\r\n\r\nready\n${'x'.repeat(100)}`, port), 'silent', true, true],
  ['wants credentials', () => node(READY, 'HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n'), 'yes', null, false],
] as const) {
  test(`where this node fails and another ${what}, it ${withdraws ? 'leaves' : 'stays'}`, async (t) => {
    const { port } = await startEndpoint(t);
    const other = await startProxy(t, says(port));
    const here = await startProxy(t, () => REFUSED);
    const verdict = await round(job(here, { peers: [other] }));
    assert.deepEqual([verdict.peers[0]?.ready, verdict.peers[0]?.through], [ready, { production: through }]);
    assert.equal(verdict.withdraw, withdraws);
  });
}

test('a dead node is silent, and counts neither way', async (t) => {
  const { port } = await startEndpoint(t);
  const well = await startProxy(t, node(READY, port));
  const here = await startProxy(t, () => REFUSED);
  // Port 1 of loopback: nobody listens there.
  const dead = { address: '127.0.0.1', port: 1 };
  const verdict = await round(job(here, { peers: [dead, well] }));
  assert.deepEqual(verdict.peers[0], { peer: dead, ready: 'silent', through: { production: null } });
  assert.equal(verdict.withdraw, true);
});

test('a round goes on counting where the last one ended, and knows endpoints that are new', async (t) => {
  const here = await startProxy(t, () => REFUSED);
  const of = job(here, { failures: 3 });
  const first = await round(of);
  const second = await round(of, first);
  assert.equal(second.endpoints[0]?.failed, 2);
  const more = { ...of, endpoints: [...of.endpoints, { name: 'new', hosts: [{ host: 'new.example.com', port: 443 }], ca: null }] };
  const third = await round(more, second);
  assert.deepEqual(
    third.endpoints.map(({ name, failed, isFailing }) => [name, failed, isFailing]),
    [
      ['production', 3, true],
      ['new', 1, false],
    ],
  );
});

test('many endpoints are a few tunnels at a time', async (t) => {
  const now = { open: 0, most: 0 };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      now.open += 1;
      now.most = Math.max(now.most, now.open);
      // Long enough for all to come at once, if they would.
      setTimeout(() => {
        now.open -= 1;
        socket.end(REFUSED);
      }, 30);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const here = { address: '127.0.0.1', port: (server.address() as AddressInfo).port, wantsProxyHeader: false };
  const hosts = Array.from({ length: 40 }, (_, index) => ({ host: `host-${index}.example.com`, port: 443 }));
  const verdict = await round(job(here, { endpoints: [{ name: 'production', hosts, ca: null }] }));
  assert.deepEqual(
    verdict.attempts.map(({ host }) => host),
    hosts.map(({ host }) => host),
  );
  assert.equal(now.most, 8);
});
