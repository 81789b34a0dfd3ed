/** CONNECT and the keep-alive, as AWS answers them. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IConnectPacket } from 'mqtt-packet';
import { startWorld, type World } from './support/harness.ts';
import { open, openRegistry, publish, WILL } from './support/packets.ts';
import { join } from './support/raw-mqtt.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.stop());

test('an MQTT 5 CONNACK tells what AWS tells', async () => {
  const client = await join(world);
  const { reasonCode, sessionPresent, properties } = await client.next('connack');
  assert.equal(reasonCode, 0);
  assert.equal(sessionPresent, false);
  assert.deepEqual(
    { ...properties },
    {
      receiveMaximum: 100,
      maximumQoS: 1,
      retainAvailable: true,
      maximumPacketSize: 131_072,
      topicAliasMaximum: 8,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      serverKeepAlive: 60,
    },
  );
  client.socket.destroy();
});

for (const [asked, expected] of [
  [0, 1_200],
  [1, 30],
  [29, 30],
  [30, 30],
  [1_200, 1_200],
  [65_535, 1_200],
] as const) {
  test(`a keep-alive of ${asked} s becomes ${expected} s`, async () => {
    const client = await join(world, { keepalive: asked });
    assert.equal((await client.next('connack')).properties?.serverKeepAlive, expected);
    client.socket.destroy();
  });
}

test('silence for 1.5 times the keep-alive ends the connection with 0x8D', async () => {
  const short = await startWorld({ limits: { keepAliveMinSeconds: 1 } });
  try {
    const startedMs = performance.now();
    const client = await join(short, { keepalive: 1 });
    await client.next('connack');
    assert.equal((await client.next('disconnect')).reasonCode, 0x8d);
    assert.ok(performance.now() - startedMs > 1_000);
    await client.closed;
  } finally {
    await short.stop();
  }
});

test('an empty client id gets one; a long session expiry is adjusted', async () => {
  const any = await startWorld({ registry: openRegistry });
  try {
    const client = await join(any, { clientId: '', properties: { sessionExpiryInterval: 86_400 } });
    const { properties } = await client.next('connack');
    assert.match(properties?.assignedClientIdentifier ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(properties?.sessionExpiryInterval, 3_600);
    client.socket.destroy();
  } finally {
    await any.stop();
  }
});

for (const [name, connectPacket, reason] of [
  ['a client id that no policy allows', { clientId: 'someone-else' }, 0x87],
  ['a client id of 129 bytes', { clientId: 'x'.repeat(129) }, 0x85],
  ['a client id that starts with $', { clientId: '$x' }, 0x85],
  ['a will with QoS 2', { will: { ...WILL, qos: 2 } }, 0x9b],
  ['a will on a bad topic', { will: { ...WILL, topic: 'a/#' } }, 0x90],
  ['enhanced authentication', { properties: { authenticationMethod: 'x' } }, 0x8c],
] as [string, Partial<IConnectPacket>, number][]) {
  test(`MQTT 5 CONNECT with ${name} gets ${reason}`, async () => {
    const client = await join(world, connectPacket);
    assert.equal((await client.next('connack')).reasonCode, reason);
    await client.closed;
  });
}

test('MQTT 3.1.1: a policy that says no closes without a CONNACK; a bad client id gets code 2; 3.1 gets code 1', async () => {
  const denied = await join(world, { clientId: 'someone-else' }, { version: 4 });
  await assert.rejects(denied.next('connack'), /closed before connack/);
  const bad = await join(world, { clientId: '$x' }, { version: 4 });
  assert.equal((await bad.next('connack')).returnCode, 2);
  const old = await join(world, { protocolId: 'MQIsdp', protocolVersion: 3 }, { version: 4 });
  assert.equal((await old.next('connack')).returnCode, 1);
  await Promise.all([bad.closed, old.closed]);
});

test('an operator ends a connection with 0x98', async () => {
  const client = await open(world);
  assert.equal(world.aws.disconnect(world.aws.thing), true);
  assert.equal((await client.next('disconnect')).reasonCode, 0x98);
  assert.equal(world.aws.disconnect('nobody'), false);
});

test('ids and topics that every object has are ids and topics like others', async () => {
  const any = await startWorld({ registry: openRegistry });
  try {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const client = await join(any, { clientId: name });
      assert.equal((await client.next('connack')).reasonCode, 0, name);
      if (name !== '__proto__') {
        client.send({
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: [
            { topic: name, qos: 1 },
            { topic: 'a', qos: 1 },
          ],
        });
        assert.deepEqual((await client.next('suback')).granted, [1, 1], name);
        client.send(publish(name, { qos: 1, messageId: 2 }));
        const received = await client.next('publish');
        assert.deepEqual([received.topic, received.qos], [name, 1]);
      }
      client.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: [name] });
      await client.next('unsuback');
      client.socket.destroy();
    }
  } finally {
    await any.stop();
  }
});
