import assert from 'node:assert/strict';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { systemClock } from './clock.ts';
import { AgentFailure, type Leg } from './failure.ts';
import { openTcp } from './tcp.ts';
import { createAuthority } from './testing/certificates.ts';
import { listen, startServer } from './testing/relay.ts';
import { openTls, type TlsPeer } from './tls.ts';

const HOST = 'a1b2c3-ats.iot.eu-west-1.amazonaws.com';
const authority = createAuthority('Test Root');
const stranger = createAuthority('Inspecting Firewall');

async function startTls(t: TestContext, options: TlsOptions): Promise<number> {
  const server: Server = createServer(options, (socket) => socket.on('error', () => {}).end('hello'));
  t.after(() => void server.close());
  return await listen(server);
}

async function open(port: number, peer: Partial<TlsPeer> = {}): Promise<Awaited<ReturnType<typeof openTls>>> {
  const socket = await openTcp({ host: '127.0.0.1', port }, systemClock);
  return await openTls(socket, { leg: 'endpoint-tls', host: HOST, ca: authority.ca, ...peer }, systemClock);
}

async function failureOf(opening: Promise<unknown>): Promise<AgentFailure> {
  const error = await opening.then(
    () => assert.fail('the handshake went well'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AgentFailure);
  return error;
}

test('a certificate of the right authority for the right name is taken, and ALPN is agreed on', async (t) => {
  const port = await startTls(t, { ...authority.issue('server', [HOST]), ALPNProtocols: ['x-amzn-mqtt-ca'] });
  const socket = await open(port, { alpn: ['x-amzn-mqtt-ca'] });
  assert.equal(socket.alpnProtocol, 'x-amzn-mqtt-ca');
  assert.ok(socket.authorized);
  socket.destroy();
});

test('an address gets no SNI and is matched against the addresses in the certificate', async (t) => {
  const names: (string | false)[] = [];
  const port = await startTls(t, {
    ...authority.issue('server', ['127.0.0.1']),
    SNICallback: (name, done) => (names.push(name), done(null)),
  });
  (await open(port, { host: '127.0.0.1' })).destroy();
  assert.deepEqual(names, []);
});

const BAD: readonly (readonly [string, TlsOptions, Leg, string, string, RegExp])[] = [
  [
    'another authority',
    stranger.issue('server', [HOST]),
    'endpoint-tls',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'site',
    /issued by: Inspecting Firewall/,
  ],
  [
    'another authority of the proxy',
    stranger.issue('server', [HOST]),
    'proxy-tls',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'device',
    /Inspecting/,
  ],
  ['another name', authority.issue('server', ['other.example']), 'endpoint-tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'site', /other\.example/],
  [
    'an alert for the name',
    { ...authority.issue('server', [HOST]), SNICallback: (_name, done) => done(new Error('unknown')) },
    'endpoint-tls',
    'ECONNRESET',
    'site',
    /disconnected/,
  ],
];

for (const [name, options, leg, code, fixer, detail] of BAD) {
  test(`${name} (${leg}) is ${code}, for the ${fixer}`, async (t) => {
    const port = await startTls(t, options);
    const { facts } = await failureOf(open(port, { leg }));
    assert.deepEqual([facts.leg, facts.code, facts.fixer], [leg, code, fixer]);
    assert.match(facts.detail, detail);
  });
}

test('an unrecognized_name alert, as the proxy sends it, is for its operator', async (t) => {
  const relay = await startServer((client) => client.once('data', () => client.end(Buffer.from('15030300020270', 'hex'))));
  t.after(() => relay.close());
  const { facts } = await failureOf(open(relay.port));
  assert.deepEqual([facts.code, facts.fixer], ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'operator']);
});

test('a port that does not speak TLS is told so', async (t) => {
  const relay = await startServer((client) => client.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.after(() => relay.close());
  const { facts } = await failureOf(open(relay.port, { leg: 'proxy-tls' }));
  assert.deepEqual([facts.fixer, facts.hint], ['device', 'this port does not speak TLS: http:// in --proxy?']);
});

test('a close in the middle of the handshake is a failure of that leg', async (t) => {
  const relay = await startServer((client) => client.once('data', () => client.destroy()));
  t.after(() => relay.close());
  const { facts } = await failureOf(open(relay.port));
  assert.equal(facts.leg, 'endpoint-tls');
});
