/** MQTT.js against the stand-in: client certificates on both ports, and WebSocket with SigV4. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { fetchCredentials } from './support/credentials.ts';
import { startWorld, type World } from './support/harness.ts';
import { signMqttPath } from './support/sign.ts';

let world: World;
let tls: { ca: string; cert: string; key: string };
before(async () => {
  world = await startWorld();
  tls = { ca: await world.read('ca'), cert: await world.read('deviceCertificate'), key: await world.read('deviceKey') };
});
const clients: MqttClient[] = [];
after(async () => {
  for (const client of clients) client.end(true);
  await world.stop();
});

const common = (): IClientOptions => ({ clientId: world.aws.thing, reconnectPeriod: 0, connectTimeout: 5_000 });

function connectTls(port: number, options: IClientOptions): MqttClient {
  return mqtt.connect({ ...common(), protocol: 'mqtts', host: '127.0.0.1', port, servername: world.aws.data.host, ...tls, ...options });
}

/** The URL carries the real name, the socket goes to the local port. */
async function connectWss(path: string, options: IClientOptions = {}): Promise<MqttClient> {
  const { host, wssPort } = world.aws.data;
  const wsOptions = {
    ca: tls.ca,
    createConnection: () => tlsConnect({ host: '127.0.0.1', port: wssPort, servername: host, ca: tls.ca, ALPNProtocols: ['http/1.1'] }),
  };
  return mqtt.connect(`wss://${host}${path}`, { ...common(), wsOptions, ...options });
}

async function connected(client: MqttClient): Promise<MqttClient> {
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
  return client;
}

async function echo(client: MqttClient, topic: string): Promise<void> {
  await client.subscribeAsync(topic, { qos: 1 });
  const message = new Promise<string>((resolve) => client.once('message', (_topic, payload) => resolve(payload.toString())));
  await client.publishAsync(topic, 'hello', { qos: 1 });
  assert.equal(await message, 'hello');
  await client.endAsync();
}

for (const protocolVersion of [4, 5] as const) {
  const name = protocolVersion === 4 ? 'MQTT 3.1.1' : 'MQTT 5';

  test(`${name} by certificate on 8883`, async () => {
    const client = await connected(connectTls(world.aws.data.mqttPort, { protocolVersion }));
    await echo(client, `devices/${world.aws.thing}/a`);
  });

  test(`${name} by certificate on 443 with ALPN x-amzn-mqtt-ca`, async () => {
    const client = await connected(connectTls(world.aws.data.wssPort, { protocolVersion, ALPNProtocols: ['x-amzn-mqtt-ca'] }));
    await echo(client, 'test/a');
  });

  test(`${name} over WebSocket with a long-lived key`, async () => {
    const path = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...world.aws.accessKey });
    await echo(await connected(await connectWss(path, { protocolVersion, clientId: 'anything' })), 'anywhere/a');
  });

  test(`${name} over WebSocket with credentials of the role alias`, async () => {
    const credentials = await fetchCredentials(world);
    const path = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...credentials });
    await echo(await connected(await connectWss(path, { protocolVersion })), `devices/${world.aws.thing}/a`);
  });
}

test('the role binds the client id to the thing whose name was sent', async () => {
  const credentials = await fetchCredentials(world);
  const path = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...credentials });
  await assert.rejects(connected(await connectWss(path, { protocolVersion: 5, clientId: 'sandbox-second' })), /Not authorized/);
  const nameless = await fetchCredentials(world, { thing: undefined });
  const second = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...nameless });
  await assert.rejects(connected(await connectWss(second, { protocolVersion: 5 })), /Not authorized/);
});

test('a bad signature does not connect', async () => {
  const path = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...world.aws.accessKey, secretAccessKey: 'x' });
  await assert.rejects(connected(await connectWss(path)));
});

test('a device cannot have the client id of another thing', async () => {
  const client = connectTls(world.aws.data.mqttPort, { protocolVersion: 5, clientId: 'sandbox-second' });
  await assert.rejects(connected(client), /Not authorized/);
});

test('large payloads pass both ways over WebSocket, in frames of any size', async () => {
  const path = await signMqttPath({ host: world.aws.data.host, region: world.aws.region, ...world.aws.accessKey });
  const client = await connected(await connectWss(path, { protocolVersion: 4, clientId: 'large' }));
  await client.subscribeAsync('large', { qos: 0 });
  const message = new Promise<Buffer>((resolve) => client.once('message', (_topic, payload) => resolve(payload)));
  const payload = Buffer.alloc(131_072, 'x');
  await client.publishAsync('large', payload, { qos: 1 });
  assert.ok(payload.equals(await message));
  await client.endAsync();
});

test('a shadow is updated, its delta heard, and what does not exist is rejected', async () => {
  const client = await connected(connectTls(world.aws.data.mqttPort, { protocolVersion: 4 }));
  const base = `$aws/things/${world.aws.thing}/shadow/name/mode`;
  const messages = new Map<string, Record<string, unknown>>();
  const arrived = (topic: string) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const known = messages.get(`${base}/${topic}`);
      if (known) return resolve(known);
      client.on('message', (name) => name === `${base}/${topic}` && resolve(messages.get(name) ?? {}));
    });
  // Our own requests come back too, and a `get` has no payload.
  client.on('message', (topic, payload) => messages.set(topic, JSON.parse(payload.toString() || '{}') as Record<string, unknown>));
  await client.subscribeAsync(`${base}/#`, { qos: 1 });

  await client.publishAsync(`${base}/get`, '', { qos: 1 });
  assert.equal((await arrived('get/rejected'))['code'], 404);
  await client.publishAsync(`${base}/update`, JSON.stringify({ state: { desired: { mode: 'eco' } }, clientToken: 'c1' }), { qos: 1 });
  assert.equal((await arrived('update/accepted'))['clientToken'], 'c1');
  assert.deepEqual((await arrived('update/delta'))['state'], { mode: 'eco' });
  await client.publishAsync(`${base}/update`, JSON.stringify({ state: { reported: { mode: 'eco' } }, version: 7 }), { qos: 1 });
  assert.equal((await arrived('update/rejected'))['code'], 409);
  await client.endAsync();
});

test("another thing's shadow is out of reach", async () => {
  const client = await connected(connectTls(world.aws.data.mqttPort, { protocolVersion: 4 }));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('$aws/things/sandbox-second/shadow/update', '{"state":{"desired":{"x":1}}}', { qos: 1 });
  await closed;
  client.end(true);
});
