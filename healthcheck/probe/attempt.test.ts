import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { makeCertificate } from '../../proxy/test/support/certificate.ts';
import { systemClock } from '../clock.ts';
import { patientClock } from '../testing/fake-clock.ts';
import { attempt, type Attempted } from './attempt.ts';
import type { OwnPlace, ProbeJob, Way } from './contract.ts';
import type { Path } from './paths.ts';
import {
  ENDPOINT_CERTIFICATE,
  GATEWAY_NAME,
  PROXY_CERTIFICATE,
  PROXY_NAME,
  type Say,
  startEndpoint,
  startProxy,
} from './testing/far-ends.ts';
import { HOST } from './testing/job.ts';

const TLS: ProbeJob['tls'] = { name: PROXY_NAME, certificates: PROXY_CERTIFICATE.certPem };
const DAY_MS = 86_400_000;

function path(way: Way, changes: Partial<Path> = {}): Path {
  const host = way === 'gateway' ? GATEWAY_NAME : HOST;
  return { way, endpoint: 'production', host, port: 443, ca: ENDPOINT_CERTIFICATE.certPem, ...changes };
}

function tryIt(way: Way, place: OwnPlace, changes: Partial<Path> = {}, tls = TLS, login: string | null = null): Promise<Attempted> {
  return attempt(path(way, changes), place, { clock: systemClock, tls, login });
}

const refusal = (status: string, fields = ''): string => `HTTP/1.1 ${status}\r\n${fields}Content-Length: 0\r\nConnection: close\r\n\r\n`;

describe('an attempt gets through', () => {
  test('by CONNECT: the head is exact, each step is timed, and the endpoint sees a whole handshake', { timeout: 20_000 }, async (t) => {
    const { port, seen } = await startEndpoint(t);
    const heads: string[] = [];
    const place = await startProxy(t, (head) => (heads.push(head), port));
    const { attempt: done, certificateLeftMs } = await tryIt('connect', place);
    assert.deepEqual(
      { ...done, ms: {} },
      { way: 'connect', endpoint: 'production', host: HOST, port: 443, outcome: 'through', why: null, ms: {} },
    );
    assert.deepEqual(Object.keys(done.ms), ['reach', 'answer', 'endpoint-tls']);
    for (const ms of Object.values(done.ms)) assert.ok(ms >= 0 && ms < 5_000);
    assert.deepEqual(heads, [`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`]);
    assert.equal(certificateLeftMs, null);
    while (seen.done + seen.failed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(seen, { done: 1, failed: 0 });
  });

  test('by CONNECT inside TLS, with the days of our certificate', async (t) => {
    const { port } = await startEndpoint(t);
    const place = await startProxy(t, () => port, PROXY_CERTIFICATE);
    const { attempt: done, certificateLeftMs } = await tryIt('connect-tls', place);
    assert.equal(done.why, null);
    assert.deepEqual(Object.keys(done.ms), ['reach', 'proxy-tls', 'answer', 'endpoint-tls']);
    // The test's certificate is good for two days.
    assert.ok(Math.abs((certificateLeftMs ?? 0) - 2 * DAY_MS) < 600_000);
  });

  test('by the name alone', async (t) => {
    const { port } = await startEndpoint(t);
    const { attempt: done } = await tryIt('sni', { address: '127.0.0.1', port, wantsProxyHeader: false });
    assert.equal(done.why, null);
    assert.deepEqual(Object.keys(done.ms), ['reach', 'endpoint-tls']);
  });

  for (const [what, answer] of [
    ['AWS says 403 to it', refusal('403 Forbidden', 'Pinhole-Answer: upstream\r\n')],
    [
      'AWS takes it',
      (head: string) => {
        const key = /Sec-WebSocket-Key: (\S+)/i.exec(head)?.[1] ?? '';
        return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: ${accept(key)}\r\n\r\n`;
      },
    ],
  ] as const) {
    test(`by the gateway where ${what}`, async (t) => {
      const say: Say = typeof answer === 'string' ? () => answer : answer;
      const heads: string[] = [];
      const place = await startProxy(t, (head) => (heads.push(head), say(head)), PROXY_CERTIFICATE);
      const { attempt: done } = await tryIt('gateway', place);
      assert.equal(done.why, null);
      assert.deepEqual(Object.keys(done.ms), ['reach', 'proxy-tls', 'upgrade']);
      assert.match(heads[0] ?? '', new RegExp(`^GET /mqtt HTTP/1\\.1\r\n(.*\r\n)*Host: ${GATEWAY_NAME}\r\n`));
      assert.match(heads[0] ?? '', /\r\nSec-WebSocket-Protocol: mqtt\r\n/);
    });
  }

  test('with its login, where it has one', async (t) => {
    const { port } = await startEndpoint(t);
    const heads: string[] = [];
    const login = /\r\nProxy-Authorization: Basic cHJvYmU6dG9rZW4=\r\n/;
    const clear = await startProxy(t, (head) => (heads.push(head), port));
    assert.equal((await tryIt('connect', clear, {}, TLS, 'probe:token')).attempt.why, null);
    const secure = await startProxy(
      t,
      (head) => (heads.push(head), refusal('403 Forbidden', 'Pinhole-Answer: upstream\r\n')),
      PROXY_CERTIFICATE,
    );
    assert.equal((await tryIt('gateway', secure, {}, TLS, 'probe:token')).attempt.why, null);
    assert.equal(heads.length, 2);
    for (const head of heads) assert.match(head, login);
  });

  test('behind a PROXY header where the listener wants one', async (t) => {
    const { port } = await startEndpoint(t);
    const heads: string[] = [];
    const place = await startProxy(t, (head) => (heads.push(head), port));
    const { attempt: done } = await tryIt('connect', { ...place, wantsProxyHeader: true });
    assert.equal(done.why, null);
    assert.ok(heads[0]?.startsWith('PROXY UNKNOWN\r\nCONNECT '));
  });
});

describe('an attempt that does not get through says at which step, and whose matter it is', () => {
  for (const [answer, outcome, why] of [
    [refusal('502 DIAL_REFUSED', 'Pinhole-Reason: DIAL_REFUSED\r\n'), 'upstream', /^connect to .*: answer: 502 DIAL_REFUSED$/],
    [refusal('504 RESOLVE_TIMEOUT', 'Pinhole-Reason: RESOLVE_TIMEOUT\r\n'), 'upstream', /504 RESOLVE_TIMEOUT$/],
    [refusal('503 NODE_FULL', 'Pinhole-Reason: NODE_FULL\r\n'), 'unclear', /503 NODE_FULL$/],
    [refusal('403 TARGET_NOT_ALLOWED', 'Pinhole-Reason: TARGET_NOT_ALLOWED\r\n'), 'ours', /403 TARGET_NOT_ALLOWED$/],
    [refusal('407 x'), 'ours', /407$/],
    ['SSH-2.0-nonsense\r\n\r\n', 'ours', /the answer is not HTTP$/],
    ['HTTP/1.1 200', 'ours', /closed without an answer$/],
    [`HTTP/1.1 200 ${'x'.repeat(20_000)}`, 'ours', /the answer is not HTTP$/],
    ['', 'ours', /closed without an answer$/],
    ['HTTP/1.1 200 OK\r\n\r\n', 'upstream', /endpoint-tls: /],
    ['HTTP/1.1 200 OK\r\n\r\nnot TLS at all', 'upstream', /endpoint-tls: /],
  ] as const) {
    test(`CONNECT is answered by ${JSON.stringify(answer.slice(0, 40))}`, async (t) => {
      const { attempt: done } = await tryIt('connect', await startProxy(t, () => answer));
      assert.equal(done.outcome, outcome);
      assert.match(done.why ?? '', why);
    });
  }

  for (const [answer, outcome, why] of [
    [refusal('502 UPSTREAM_TLS_FAILED', 'Pinhole-Reason: UPSTREAM_TLS_FAILED\r\n'), 'upstream', /upgrade: 502 UPSTREAM_TLS_FAILED$/],
    [refusal('403 Forbidden'), 'ours', /upgrade: 403$/],
    [refusal('500 x', 'Pinhole-Answer: upstream\r\n'), 'upstream', /upgrade: 500$/],
    ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n', 'upstream', /upgrade: /],
    ['', 'upstream', /upgrade: ECONNRESET$/],
  ] as const) {
    test(`an upgrade is answered by ${JSON.stringify(answer.slice(0, 40))}`, async (t) => {
      const { attempt: done } = await tryIt('gateway', await startProxy(t, () => answer, PROXY_CERTIFICATE));
      assert.equal(done.outcome, outcome);
      assert.match(done.why ?? '', why);
    });
  }

  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const { attempt: done } = await tryIt('connect', { address: '127.0.0.1', port, wantsProxyHeader: false });
    assert.deepEqual([done.outcome, done.why], ['ours', `connect to ${HOST}:443: reach: ECONNREFUSED`]);
    assert.deepEqual(Object.keys(done.ms), ['reach']);
  });

  for (const [what, certificate, why] of [
    ['of another name', makeCertificate(['other.example.com']), /endpoint-tls: DEPTH_ZERO_SELF_SIGNED_CERT$/],
    ['of this name, signed by somebody else', makeCertificate([HOST]), /endpoint-tls: DEPTH_ZERO_SELF_SIGNED_CERT$/],
  ] as const) {
    test(`the endpoint shows a certificate ${what}`, async (t) => {
      const { port } = await startEndpoint(t, certificate);
      const { attempt: done } = await tryIt('connect', await startProxy(t, () => port));
      assert.equal(done.outcome, 'upstream');
      assert.match(done.why ?? '', why);
    });
  }

  test('the endpoint shows a certificate that is trusted, of another name', async (t) => {
    const certificate = makeCertificate(['other.example.com']);
    const { port } = await startEndpoint(t, certificate);
    const { attempt: done } = await tryIt('connect', await startProxy(t, () => port), { ca: certificate.certPem });
    assert.equal(done.outcome, 'upstream');
    assert.match(done.why ?? '', /endpoint-tls: ERR_TLS_CERT_ALTNAME_INVALID$/);
  });

  test('the public roots do not know the endpoint', async (t) => {
    const { port } = await startEndpoint(t);
    const { attempt: done } = await tryIt('connect', await startProxy(t, () => port), { ca: null });
    assert.equal(done.outcome, 'upstream');
  });

  for (const [what, certificate, why] of [
    ['not that of our file', makeCertificate([PROXY_NAME]), /proxy-tls: DEPTH_ZERO_SELF_SIGNED_CERT$/],
    ['for another name', PROXY_CERTIFICATE, /proxy-tls: ERR_TLS_CERT_ALTNAME_INVALID$/],
  ] as const) {
    test(`our own certificate is ${what}`, async (t) => {
      const place = await startProxy(t, () => '', certificate);
      const tls = { ...TLS, name: certificate === PROXY_CERTIFICATE ? 'not.ours.example.com' : PROXY_NAME };
      const { attempt: done } = await tryIt('connect-tls', place, {}, tls as typeof TLS);
      assert.equal(done.outcome, 'ours');
      assert.match(done.why ?? '', why);
    });
  }

  test('there is no certificate to ask for', async (t) => {
    const { attempt: done } = await tryIt('connect-tls', await startProxy(t, () => ''), {}, null);
    assert.equal(done.outcome, 'ours');
  });
});

describe('an attempt has an end', () => {
  async function silent(t: TestContext): Promise<OwnPlace> {
    const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, wantsProxyHeader: false };
  }

  for (const [way, step, outcome] of [
    ['connect', 'answer', 'ours'],
    ['connect-tls', 'proxy-tls', 'ours'],
    ['sni', 'endpoint-tls', 'upstream'],
  ] as const) {
    test(`where ${step} brings nothing`, { timeout: 10_000 }, async (t) => {
      const { attempt: done } = await attempt(path(way), await silent(t), { clock: patientClock, tls: TLS, login: null });
      assert.equal(done.outcome, outcome);
      assert.match(done.why ?? '', new RegExp(`: ${step}: nothing within \\d+ ms$`));
    });
  }
});

function accept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
