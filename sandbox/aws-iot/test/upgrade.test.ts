/** The WebSocket upgrade as it looks on the wire. */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';
import WebSocket from 'ws';
import { fetchCredentials } from './support/credentials.ts';
import { startWorld, until, type World } from './support/harness.ts';
import { type SignInput, signMqttPath } from './support/sign.ts';

let world: World;
let ca: string;
before(async () => {
  world = await startWorld();
  ca = await world.read('ca');
});
after(() => world.stop());

const sign = (changes: Partial<SignInput> = {}, at = world) =>
  signMqttPath({ host: at.aws.data.host, region: at.aws.region, ...at.aws.accessKey, ...changes });

interface OpenInput {
  readonly at?: World;
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
}

function open(path: string, { at = world, protocols = ['mqtt'], headers = {} }: OpenInput = {}): WebSocket {
  const { host, wssPort } = at.aws.data;
  return new WebSocket(`wss://${host}${path}`, protocols, {
    headers,
    createConnection: () => tlsConnect({ host: '127.0.0.1', port: wssPort, servername: host, ca, ALPNProtocols: ['http/1.1'] }),
  });
}

/** The answer to an upgrade: 101, or the refusal with its body. */
async function upgrade(path: string, input?: OpenInput) {
  const socket = open(path, input);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    socket.on('upgrade', resolve);
    socket.on('unexpected-response', (_request, answer) => resolve(answer));
    socket.on('error', reject);
  });
  if (response.statusCode === 101) {
    socket.on('error', () => {});
    socket.terminate();
    return { status: 101, headers: response.headers, message: '' };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as { message: string; traceId: string };
  assert.match(body.traceId, /^[0-9a-f-]{36}$/);
  return { status: response.statusCode, headers: response.headers, message: body.message };
}

test('101 echoes mqtt and offers no extension, whatever is asked for', async () => {
  const { status, headers } = await upgrade(await sign());
  assert.equal(status, 101);
  assert.equal(headers['sec-websocket-protocol'], 'mqtt');
  assert.equal(headers['sec-websocket-extensions'], undefined);
});

test('the subprotocol is the one that was asked for', async () => {
  assert.equal((await upgrade(await sign(), { protocols: ['other', 'mqttv3.1'] })).headers['sec-websocket-protocol'], 'mqttv3.1');
});

const REFUSED: [name: string, changes: Partial<SignInput>, type: string][] = [
  ['a wrong secret', { secretAccessKey: 'x' }, 'InvalidSignatureException'],
  ['an unknown key', { accessKeyId: 'AKIAX' }, 'UnrecognizedClientException'],
  ['another service', { service: 'iotdata' }, 'InvalidSignatureException'],
  ['another region', { region: 'us-east-1' }, 'InvalidSignatureException'],
  ['another host', { host: 'gw.sandbox.test' }, 'InvalidSignatureException'],
  ['a stale date', { date: new Date(Date.now() - 600_000), expiresIn: 86_400 }, 'InvalidSignatureException'],
];
for (const [name, changes, type] of REFUSED) {
  test(`403 for ${name}`, async () => {
    const answer = await upgrade(await sign(changes));
    assert.deepEqual([answer.status, answer.headers['x-amzn-errortype']], [403, type]);
  });
}

test('403 for a token that was signed in, and for credentials that have expired', async () => {
  const credentials = await fetchCredentials(world);
  const signedIn = await upgrade(await sign({ ...credentials, signsToken: true }));
  assert.deepEqual([signedIn.status, signedIn.headers['x-amzn-errortype']], [403, 'InvalidSignatureException']);

  let nowMs = Date.now();
  const aging = await startWorld({ now: () => nowMs });
  try {
    const early = await fetchCredentials(aging);
    nowMs += 3_600_001;
    const expired = await upgrade(await sign({ ...early, date: new Date(nowMs) }, aging), { at: aging });
    assert.deepEqual([expired.status, expired.headers['x-amzn-errortype']], [403, 'ExpiredTokenException']);
  } finally {
    await aging.stop();
  }
});

test('403 where the Host is not the one that was signed, as a gateway that rewrites it would cause', async () => {
  const answer = await upgrade(await sign(), { headers: { host: 'gw.sandbox.test' } });
  assert.deepEqual([answer.status, answer.headers['x-amzn-errortype']], [403, 'ForbiddenException']);
});

test('no query at all is 403, another path is 404', async () => {
  assert.equal((await upgrade('/mqtt')).status, 403);
  assert.equal((await upgrade((await sign()).replace('/mqtt', '/other'))).status, 404);
});

test('one packet may span frames, and one frame may hold packets', async () => {
  const socket = open(await sign());
  const received: Packet[] = [];
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', (packet) => received.push(packet));
  socket.on('message', (data) => reader.parse(data as Buffer));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));

  const connect = generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'c', clean: true, keepalive: 60 });
  for (const byte of connect) socket.send(Buffer.from([byte]));
  await until('CONNACK', () => received.length === 1);
  const ping = generate({ cmd: 'pingreq' });
  socket.send(Buffer.concat([ping, ping, ping]));
  await until('three answers', () => received.length === 4);
  socket.terminate();
});

test('a text frame ends the connection with 1003', async () => {
  const socket = open(await sign());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const code = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.send('text');
  assert.equal(await code, 1003);
});

test('a WebSocket connection ends with its lifetime', async () => {
  const short = await startWorld({ limits: { webSocketLifetimeMs: 300 } });
  try {
    const socket = open(await sign({}, short), { at: short });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    await new Promise((resolve) => socket.once('close', resolve));
  } finally {
    await short.stop();
  }
});

test('no client certificate is asked for where no ALPN says so', async () => {
  const { host, wssPort } = world.aws.data;
  const identity = { cert: await world.read('deviceCertificate'), key: await world.read('deviceKey') };
  const socket = tlsConnect({ host: '127.0.0.1', port: wssPort, servername: host, ca, ...identity });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const answer = await requestRaw(socket, `POST /topics/test/a HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\nhi`);
  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
});

function requestRaw(socket: TLSSocket, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString());
    });
    socket.write(text);
  });
}
