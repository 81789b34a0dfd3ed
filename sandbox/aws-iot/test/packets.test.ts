/** PUBLISH and SUBSCRIBE by AWS's rules and limits. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld, until, type World } from './support/harness.ts';
import { open, publish } from './support/packets.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.stop());

test('an unauthorized publish ends the connection: PUBACK 0x87 and DISCONNECT 0x87, or for 3.1.1 nothing', async () => {
  const five = await open(world);
  five.send(publish('private/x', { qos: 1, messageId: 7 }));
  const ack = await five.next('puback');
  assert.deepEqual([ack.messageId, ack.reasonCode], [7, 0x87]);
  assert.equal((await five.next('disconnect')).reasonCode, 0x87);
  await five.closed;

  const three = await open(world, {}, { version: 4 });
  three.send(publish('private/x', { qos: 1, messageId: 7 }));
  await three.closed;
  assert.deepEqual(three.packets, []);
});

test('a subscription that is not authorized: SUBACK 0x87 beside the granted ones, or for 3.1.1 the end', async () => {
  const five = await open(world);
  const subscriptions = ['private/x', 'test/a', 'test/#/x', '$share/g/test/a', 'test/a', '__proto__'].map((topic) => ({
    topic,
    qos: 1 as const,
  }));
  five.send({ cmd: 'subscribe', messageId: 3, subscriptions });
  assert.deepEqual((await five.next('suback')).granted, [0x87, 1, 0x8f, 0x9e, 1, 0x8f]);
  five.send({ cmd: 'subscribe', messageId: 4, subscriptions: [{ topic: 'private/#', qos: 0 }] });
  assert.deepEqual((await five.next('suback')).granted, [0x87]);
  five.socket.destroy();

  const three = await open(world, {}, { version: 4 });
  three.send({ cmd: 'subscribe', messageId: 3, subscriptions });
  await three.closed;
  assert.deepEqual(three.packets, []);
});

test('more than 8 filters in one request, or 50 on one connection, are over the quota', async () => {
  const client = await open(world);
  const filters = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ topic: `test/${from + index}`, qos: 0 as const }));
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters(9) });
  assert.deepEqual((await client.next('suback')).granted, Array(9).fill(0x97));
  for (let at = 0; at < 48; at += 8) client.send({ cmd: 'subscribe', messageId: 2 + at, subscriptions: filters(8, at) });
  client.send({ cmd: 'subscribe', messageId: 100, subscriptions: filters(4, 48) });
  await until('the last SUBACK', () => client.packets.some((packet) => packet.messageId === 100));
  const last = client.packets.at(-1);
  assert.deepEqual(last?.cmd === 'suback' && last.granted, [0, 0, 0x97, 0x97]);
  client.socket.destroy();
});

test('QoS 2: MQTT 5 is disconnected with 0x9B; 3.1.1 gets neither PUBACK nor SUBACK', async () => {
  const five = await open(world);
  five.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/a', qos: 2 }] });
  assert.deepEqual((await five.next('suback')).granted, [1]);
  five.send(publish('test/a', { qos: 2, messageId: 9 }));
  assert.equal((await five.next('disconnect')).reasonCode, 0x9b);

  const three = await open(world, {}, { version: 4 });
  three.send(publish('test/a', { qos: 2, messageId: 9 }));
  three.send({ cmd: 'subscribe', messageId: 10, subscriptions: [{ topic: 'test/a', qos: 2 }] });
  three.send({ cmd: 'pingreq' });
  await three.next('pingresp');
  assert.deepEqual(three.packets, []);
  three.socket.destroy();
});

test('a topic that is too long, too deep or a wildcard: 0x90; a payload over 128 KB: 0x95', async () => {
  for (const [packet, reason] of [
    [publish(`test/${'x'.repeat(252)}`), 0x90],
    [publish('test/2/3/4/5/6/7/8/9'), 0x90],
    [publish('test/+'), 0x90],
    [publish('$SYS/x'), 0x87],
    [publish(`$aws/things/${world.aws.thing}/shadow/update`, { retain: true }), 0x90],
    [publish(`$aws/things/${world.aws.thing}/shadow/update/accepted`), 0x87],
    [publish('test/a', { payload: Buffer.alloc(131_072) }), 0x95],
    [publish('', { properties: { topicAlias: 3 } }), 0x94],
    [publish('test/a', { properties: { topicAlias: 9 } }), 0x94],
  ] as const) {
    const client = await open(world);
    client.send(packet);
    assert.equal((await client.next('disconnect')).reasonCode, reason, packet.topic.slice(0, 60));
    await client.closed;
  }
});

test('MQTT 3.1.1 takes a payload of exactly 128 KB, and ends at one byte more', async () => {
  const client = await open(world, {}, { version: 4 });
  client.send(publish('test/a', { payload: Buffer.alloc(131_072), qos: 1, messageId: 1 }));
  await client.next('puback');
  client.send(publish('test/a', { payload: Buffer.alloc(131_073), qos: 1, messageId: 2 }));
  await client.closed;
  assert.deepEqual(client.packets, []);
});

test('topic aliases work, and stay with the connection that made them', async () => {
  const client = await open(world);
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/alias', qos: 0 }] });
  await client.next('suback');
  client.send(publish('test/alias', { payload: '1', properties: { topicAlias: 8, contentType: 'a' } }));
  client.send(publish('', { payload: '2', properties: { topicAlias: 8 } }));
  const first = await client.next('publish');
  assert.deepEqual([first.topic, String(first.payload), { ...first.properties }], ['test/alias', '1', { contentType: 'a' }]);
  const second = await client.next('publish');
  assert.deepEqual([second.topic, String(second.payload)], ['test/alias', '2']);
  client.socket.destroy();
});

test('packets that AWS does not support end the connection with 0x82', async () => {
  for (const packet of [
    { cmd: 'pubrel', messageId: 1 },
    { cmd: 'pubrec', messageId: 1 },
    { cmd: 'connect', clientId: 'x', protocolId: 'MQTT', protocolVersion: 5 },
  ] as const) {
    const client = await open(world);
    client.send(packet);
    assert.equal((await client.next('disconnect')).reasonCode, 0x82, packet.cmd);
    await client.closed;
  }
});
