/** Names, protocols and certificates at the TLS doors. */

import assert from 'node:assert/strict';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { certificatePem, createDevice, keyPem } from '../pki/authority.ts';
import { startWorld, type World } from './support/harness.ts';
import { dial } from './support/raw-mqtt.ts';

let world: World;
let device: { ca: string; cert: string; key: string };
before(async () => {
  world = await startWorld();
  device = { ca: await world.read('ca'), cert: await world.read('deviceCertificate'), key: await world.read('deviceKey') };
});
after(() => world.stop());

async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', servername: world.aws.data.host, ...device, ...options });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

const ports = () => ({ ...world.aws.data, credentials: world.aws.credentials.port });

for (const port of ['wssPort', 'mqttPort', 'httpsPort', 'credentials'] as const) {
  test(`${port}: a wrong name is refused with unrecognized_name, and so is none`, async () => {
    for (const servername of ['gw.sandbox.test', 'b9-ats.iot.eu-west-1.amazonaws.com', '']) {
      await assert.rejects(handshake({ port: ports()[port], servername }), /unrecognized name/i, servername);
    }
  });

  test(`${port}: the certificate holds against the root alone`, async () => {
    const servername = port === 'credentials' ? world.aws.credentials.host : world.aws.data.host;
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake({ port: ports()[port], servername, minVersion: version, maxVersion: version });
      assert.equal(socket.authorized, true);
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
  });

  test(`${port}: TLS 1.1 is too old`, async () => {
    const servername = port === 'credentials' ? world.aws.credentials.host : world.aws.data.host;
    const old: ConnectionOptions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await assert.rejects(handshake({ port: ports()[port], servername, ...old }), /alert protocol version|unsupported protocol/i);
  });
}

test('the name may be in capitals', async () => {
  const socket = await handshake({ port: world.aws.data.mqttPort, servername: world.aws.data.host.toUpperCase() });
  socket.destroy();
});

for (const [offered, chosen] of [
  [['x-amzn-mqtt-ca'], 'x-amzn-mqtt-ca'],
  [['x-amzn-http-ca'], 'x-amzn-http-ca'],
  [['h2', 'http/1.1'], 'http/1.1'],
  [undefined, false],
] as const) {
  test(`443: ALPN ${offered?.join(', ') ?? 'none'} gives ${chosen}`, async () => {
    const socket = await handshake({ port: world.aws.data.wssPort, ...(offered ? { ALPNProtocols: [...offered] } : {}) });
    assert.equal(socket.alpnProtocol, chosen);
    socket.destroy();
  });
}

test('443: ALPN mqtt, custom authentication, has nobody to ask; h2 alone neither', async () => {
  for (const protocol of ['mqtt', 'h2', 'x-amzn-other']) {
    await assert.rejects(handshake({ port: world.aws.data.wssPort, ALPNProtocols: [protocol] }), /no application protocol/i, protocol);
  }
});

test('a session is never resumed: AWS makes each connect a full handshake', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const first = await handshake({ port: world.aws.data.httpsPort, maxVersion });
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    // An answer makes sure that what follows the handshake has arrived.
    first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => first.once('data', resolve));
    const session = sessions.at(-1) ?? first.getSession();
    first.destroy();
    const second = await handshake({ port: world.aws.data.httpsPort, maxVersion, ...(session ? { session } : {}) });
    assert.equal(second.isSessionReused(), false, maxVersion);
    second.destroy();
  }
});

for (const port of ['mqttPort', 'wssPort'] as const) {
  const alpn = port === 'wssPort' ? { ALPNProtocols: ['x-amzn-mqtt-ca'] } : {};
  test(`${port}: MQTT ends for a certificate that is foreign, deactivated or missing`, async () => {
    const foreign = await createDevice({ name: 'CN=AWS IoT Certificate', days: 100, keys: 'ec' });
    const inactive = { cert: await world.read('inactiveDeviceCertificate'), key: await world.read('inactiveDeviceKey') };
    for (const identity of [{ cert: certificatePem(foreign), key: await keyPem(foreign) }, inactive, { cert: undefined, key: undefined }]) {
      const client = await dial(world, { tls: { port: world.aws.data[port], ...identity, ...alpn } });
      client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId: world.aws.thing, clean: true, keepalive: 60 });
      await client.closed;
      assert.deepEqual(client.packets, []);
    }
  });
}

test('a certificate that is deactivated later cannot connect again', async () => {
  const revoked = await startWorld();
  try {
    (await dial(revoked)).socket.destroy();
    for (const certificate of Object.values(revoked.aws.registry.certificates)) certificate.status = 'REVOKED';
    const client = await dial(revoked);
    await client.closed;
    assert.ok(revoked.lines.some((line) => line.includes('is REVOKED')));
  } finally {
    await revoked.stop();
  }
});

/** HTTPS publish: by ALPN on 443, without on 8443. */
function post(path: string, options: { port: number; alpn?: string; body?: string; method?: string; identity?: object }) {
  return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const { port, alpn, body = 'hello', method = 'POST', identity = device } = options;
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, servername: world.aws.data.host, ca: device.ca, ...identity, method, path, agent: false as const },
        ...(alpn ? { ALPNProtocols: [alpn] } : {}),
        headers: { host: world.aws.data.host, ...(method === 'POST' ? { 'content-length': Buffer.byteLength(body) } : {}) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(method === 'POST' ? body : undefined);
  });
}

test('HTTPS publish reaches MQTT subscribers, by ALPN on 443 and without on 8443', async () => {
  const client = await dial(world);
  client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId: world.aws.thing, clean: true, keepalive: 60 });
  await client.next('connack');
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'sandbox/http/+', qos: 1 }] });
  await client.next('suback');
  for (const target of [{ port: world.aws.data.wssPort, alpn: 'x-amzn-http-ca' }, { port: world.aws.data.httpsPort }]) {
    const { status, body } = await post('/topics/sandbox/http/a%20b?qos=1', target);
    assert.deepEqual([status, body['message']], [200, 'OK']);
    const message = await client.next('publish');
    assert.deepEqual([message.topic, String(message.payload), message.qos], ['sandbox/http/a b', 'hello', 1]);
  }
  client.socket.destroy();
});

test('a retained message published by HTTPS can be read back', async () => {
  const port = world.aws.data.httpsPort;
  assert.equal((await post('/topics/sandbox/r?qos=1&retain=true', { port })).status, 200);
  const answer = await post('/retainedMessage/sandbox/r', { port, method: 'GET' });
  assert.deepEqual([answer.body['payload'], answer.body['qos']], [Buffer.from('hello').toString('base64'), 1]);
  assert.equal((await post('/retainedMessage/sandbox/none', { port, method: 'GET' })).status, 404);
});

for (const [name, path, options, status] of [
  ['a topic that the policy does not allow', '/topics/private/x', {}, 403],
  ['a wildcard', '/topics/test/%23', {}, 400],
  ['QoS 2', '/topics/test/a?qos=2', {}, 400],
  ['a body over 128 KB', '/topics/test/a', { body: 'x'.repeat(131_073) }, 413],
  ['a shadow answer', '/topics/%24aws/things/sandbox-device/shadow/get/accepted', {}, 403],
  ['no certificate', '/topics/test/a', { identity: {} }, 403],
  ['another path', '/things', {}, 404],
  ['a path that does not decode', '/topics/%zz', {}, 404],
  ['another method', '/topics/test/a', { method: 'GET' }, 405],
] as const) {
  test(`HTTPS publish: ${status} for ${name}`, async () => {
    assert.equal((await post(path, { port: world.aws.data.httpsPort, ...options })).status, status);
  });
}
