// Clients nobody here wrote, as tenants: MQTT.js with a token, curl and openssl with a client certificate; and after all that no token is to be found
// anywhere that others can read.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type net from 'node:net';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpsProxyAgent } from 'https-proxy-agent';
import mqtt from 'mqtt';
import { generate, parser } from 'mqtt-packet';
import { WebSocketServer } from 'ws';
import { cannotRun } from './clients/needs.ts';
import { makeCertificate } from './support/certificate.ts';
import { type ClientName, type ClientPki, makeClientPki } from './support/client-pki.ts';
import { type LiveNode, liveNode } from './support/live-node.ts';
import { pinhole, statusOf } from './support/served-node.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const STEP_MS = 10_000;

let pki: ClientPki;
before(() => (pki = makeClientPki()));

/** Answers MQTT's CONNECT and PUBLISH over WebSocket, and GET. */
async function startFarEnd(t: TestContext): Promise<number> {
  const server = createServer((_request, response) => response.end('hello from the far end'));
  new WebSocketServer({ server }).on('connection', (socket) => {
    const read = parser();
    read.on('packet', (packet) => {
      if (packet.cmd === 'connect') socket.send(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
      if (packet.cmd === 'publish' && packet.messageId !== undefined) socket.send(generate({ cmd: 'puback', messageId: packet.messageId }));
    });
    socket.on('error', () => {}).on('message', (data: Buffer) => read.parse(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  return (server.address() as net.AddressInfo).port;
}

interface Tenants {
  readonly node: LiveNode;
  readonly folder: string;
  readonly token: string;
  pair(name: ClientName): [certificate: string, key: string];
  /** The last decision that was recorded. */
  decision(count: number): Promise<Readonly<Record<string, unknown>>>;
}

async function startTenants(t: TestContext): Promise<Tenants> {
  const farEnd = await startFarEnd(t);
  const server = makeCertificate(['localhost']);
  const { token, hash } = JSON.parse((await pinhole('token', 'acme', '--json')).stdout) as { token: string; hash: string };
  let folder = '';
  const node = await liveNode(
    t,
    [
      'listen: [{ address: "127.0.0.1:0", doors: [connect, connect-tls] }]',
      `resolve: { pin: [{ host: ${HOST}, port: 443, to: "127.0.0.1:${farEnd}" }] }`,
      'policy: { sni: off, alpn: off }',
      'tls: { certificate: cert.pem, key: key.pem, clientCa: ca.pem, clientCertificates: request, crl: clients.crl }',
      `tenants: [{ id: acme, tokens: ["${hash}"] }, { id: globex, certificate: { san: globex.example } }]`,
    ],
    (at) => {
      folder = at;
      const files = { 'cert.pem': server.certPem, 'key.pem': server.keyPem, 'ca.pem': pki.caPem, 'clients.crl': pki.crlPem };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
    },
  );
  return {
    ...{ node, folder, token },
    pair(name) {
      const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
      writeFileSync(cert, pki.clients[name].cert);
      writeFileSync(key, pki.clients[name].key);
      return [cert, key];
    },
    async decision(count) {
      const until = performance.now() + STEP_MS;
      while (node.records('decision').length < count && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      return node.records('decision')[count - 1] ?? assert.fail(`no decision ${count}`);
    },
  };
}

/** Publishes one message with QoS 1; rejects where it does not get through. */
async function publish(proxy: string): Promise<void> {
  const wsOptions = { agent: new HttpsProxyAgent(proxy) };
  const client = mqtt.connect(`ws://${HOST}:443/mqtt`, { reconnectPeriod: 0, connectTimeout: STEP_MS, clientId: 'test', wsOptions });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.on('error', reject).once('close', () => reject(new Error('closed')));
    });
    await client.publishAsync('test/topic', 'hello', { qos: 1 });
  } finally {
    client.end(true);
  }
}

function run(program: string, args: readonly string[], input = ''): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: STEP_MS, encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr });
    });
    child.stdin?.end(input);
  });
}

describe('tenants, by clients that others wrote', () => {
  test('MQTT.js with a token, curl and openssl with a certificate; and no token is anywhere', { timeout: 120_000 }, async (t) => {
    if (cannotRun(t, ['curl', 'openssl'])) return;
    const { node, folder, token, pair, decision } = await startTenants(t);
    let count = 0;
    const expectDecision = async (what: string, tenant: string | null, reason: string): Promise<void> => {
      count += 1;
      const line = await decision(count);
      assert.deepEqual([line['tenant'], line['reason']], [tenant, reason], what);
    };

    await publish(`http://acme:${token}@127.0.0.1:${node.port}`);
    await expectDecision('a token', 'acme', 'OK');
    await assert.rejects(publish(`http://acme:${token}x@127.0.0.1:${node.port}`));
    await expectDecision('a wrong token', null, 'AUTH_INVALID');

    const curl = (...args: readonly string[]): Promise<{ code: number; said: string }> =>
      run('curl', [
        ...['-sS', '--max-time', '8', '-x', `https://localhost:${node.port}`, '--proxy-cacert', join(folder, 'cert.pem')],
        ...['--proxytunnel', ...args, `http://${HOST}:443/`],
      ]);
    const certificate = (name: ClientName): string[] => {
      const [cert, key] = pair(name);
      return ['--proxy-cert', cert, '--proxy-key', key];
    };
    assert.deepEqual(await curl(...certificate('named')), { code: 0, said: 'hello from the far end' });
    await expectDecision('curl with a certificate', 'globex', 'OK');
    assert.deepEqual(await curl('--proxy-user', `acme:${token}`), { code: 0, said: 'hello from the far end' });
    await expectDecision('curl with a token in TLS', 'acme', 'OK');
    assert.match((await curl()).said, /407/);
    await expectDecision('curl with nothing', null, 'AUTH_REQUIRED');
    assert.match((await curl(...certificate('named'), '--proxy-user', `acme:${token}`)).said, /407/);
    await expectDecision('two tenants at once', null, 'AUTH_INVALID');
    for (const bad of ['selfSigned', 'otherCa', 'expired', 'revoked'] as const) {
      assert.notEqual((await curl(...certificate(bad))).code, 0, bad);
      await expectDecision(bad, null, 'CERTIFICATE_INVALID');
    }

    const [cert, key] = pair('named');
    const { said } = await run(
      'openssl',
      ['s_client', '-quiet', '-connect', `127.0.0.1:${node.port}`, '-servername', 'localhost', '-cert', cert, '-key', key],
      `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`,
    );
    assert.match(said, /HTTP\/1\.1 200 Connection established/);
    await expectDecision('openssl with a certificate', 'globex', 'OK');

    await assertNowhere([token, Buffer.from(`acme:${token}`).toString('base64')], node);
  });
});

/** In nothing that the node writes, says or shows: its log, its metrics, its status, its folder, the names and words of its processes. */
async function assertNowhere(secrets: readonly string[], node: LiveNode): Promise<void> {
  const status = await statusOf(node.runtime);
  const base = `http://${status.health.host}:${status.health.port}`;
  const places = new Map<string, string>([
    ['the log', JSON.stringify(node.serve.lines) + node.serve.text],
    ['status', JSON.stringify(status)],
    ['tunnels', (await pinhole('tunnels', '--runtime', node.runtime, '--json')).stdout],
    ['top', (await pinhole('top', '--once', '--runtime', node.runtime, '--json')).stdout],
    ['check', (await pinhole('check', '-c', node.file, '--json')).stdout],
    ['metrics', await (await fetch(`${base}/metrics`)).text()],
  ]);
  for (const name of readdirSync(node.runtime)) {
    const file = join(node.runtime, name);
    const text = textOf(file);
    if (text !== null) places.set(file, text);
  }
  const pids = [status.pid, status.control.pid, ...status.carriers.map(({ pid }) => pid)];
  assert.ok(pids.length >= 4);
  for (const pid of pids)
    for (const part of ['cmdline', 'comm', 'environ']) places.set(`/proc/${pid}/${part}`, readFileSync(`/proc/${pid}/${part}`, 'latin1'));
  assert.ok((places.get('metrics') ?? '').includes('pinhole_opens_total'), 'metrics were read');
  assert.ok((places.get('the log') ?? '').includes('AUTH_INVALID'), 'the log was read');
  for (const [place, text] of places) for (const secret of secrets) assert.ok(!text.includes(secret), `a token in ${place}`);
}

/** Null where it is no file, or has gone: what is to replace another is written beside it, and renamed. */
function textOf(file: string): string | null {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'latin1') : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}
