/** Sessions, retained messages, wills and what reaches a subscriber. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld, until, type World } from './support/harness.ts';
import { open, publish, WILL } from './support/packets.ts';
import { join } from './support/raw-mqtt.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.stop());

test('the second connection with a client id kicks the first with 0x8E, however many come at once', async () => {
  const first = await open(world);
  const others = await Promise.all(Array.from({ length: 6 }, () => join(world)));
  assert.equal((await first.next('disconnect')).reasonCode, 0x8e);
  await first.closed;
  await until('one client is left', () => others.filter(({ socket }) => !socket.destroyed).length === 1);
  const last = others.find(({ socket }) => !socket.destroyed);
  last?.send({ cmd: 'pingreq' });
  await last?.next('pingresp');
  last?.socket.destroy();
  await until('nobody is left', () => world.aws.counts().clients === 0);
});

test('retained: sent on an exact filter with the flag, never on a wildcard; an empty payload deletes', async () => {
  const client = await open(world);
  client.send(publish('sandbox/kept', { payload: 'v1', retain: true, qos: 1, messageId: 1 }));
  await client.next('puback');
  client.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'sandbox/+', qos: 0 }] });
  await client.next('suback');
  client.send({ cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'sandbox/kept', qos: 0 }] });
  const kept = await client.next('publish');
  assert.deepEqual([String(kept.payload), kept.retain], ['v1', true]);
  client.send(publish('sandbox/kept', { payload: 'v2', retain: true }));
  const live = await client.next('publish');
  assert.deepEqual([String(live.payload), live.retain], ['v2', false]);

  client.send(publish('sandbox/kept', { payload: '', retain: true }));
  assert.equal((await client.next('publish')).payload.length, 0);
  client.socket.destroy();
  const later = await open(world, {}, { version: 4 });
  later.send({ cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'sandbox/kept', qos: 0 }] });
  await later.next('suback');
  later.send({ cmd: 'pingreq' });
  await later.next('pingresp');
  assert.deepEqual(later.packets, []);
  later.socket.destroy();
});

test('retaining needs a policy of its own', async () => {
  const client = await open(world);
  client.send(publish('test/kept', { retain: true }));
  assert.equal((await client.next('disconnect')).reasonCode, 0x87);
});

test('a/# does not match a', async () => {
  const client = await open(world);
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/a/#', qos: 1 }] });
  await client.next('suback');
  client.send(publish('test/a', { payload: 'parent' }));
  client.send(publish('test/a/b', { payload: 'child' }));
  assert.equal(String((await client.next('publish')).payload), 'child');
  client.socket.destroy();
});

test('a persistent session keeps filters and QoS 1 messages, and is announced', async () => {
  const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };
  const first = await open(world, persistent);
  first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/queue', qos: 1 }] });
  await first.next('suback');
  first.send({ cmd: 'disconnect' });
  await first.closed;

  const other = await open(world, { clientId: 'test-other' });
  other.send(publish('test/queue', { payload: 'kept', qos: 1, messageId: 1 }));
  other.send(publish('test/queue', { payload: 'not kept' }));
  await other.next('puback');

  const wrongVersion = await join(world, { clean: false, clientId: 'test-third' }, { version: 4 });
  assert.equal((await wrongVersion.next('connack')).sessionPresent, false);

  const again = await join(world, persistent);
  assert.equal((await again.next('connack')).sessionPresent, true);
  const queued = await again.next('publish');
  assert.equal(String(queued.payload), 'kept');
  again.send({ cmd: 'puback', messageId: queued.messageId ?? 0 });
  other.send(publish('test/queue', { payload: 'live' }));
  assert.equal(String((await again.next('publish')).payload), 'live');

  again.send({ cmd: 'disconnect', properties: { sessionExpiryInterval: 0 } });
  await again.closed;
  const fresh = await join(world, persistent);
  assert.equal((await fresh.next('connack')).sessionPresent, false);
  for (const client of [other, wrongVersion, fresh]) client.socket.destroy();
});

test('an MQTT 3.1.1 session is persistent too, but not resumed by MQTT 5', async () => {
  const first = await open(world, { clientId: 'test-p', clean: false }, { version: 4 });
  first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/p', qos: 1 }] });
  await first.next('suback');
  first.socket.destroy();
  await first.closed;
  const again = await join(world, { clientId: 'test-p', clean: false }, { version: 4 });
  assert.equal((await again.next('connack')).sessionPresent, true);
  again.socket.destroy();
  const five = await join(world, { clientId: 'test-p', clean: false });
  assert.equal((await five.next('connack')).sessionPresent, false);
  five.socket.destroy();
});

test('a will is sent when the connection breaks, not after a DISCONNECT', async () => {
  const watcher = await open(world, { clientId: 'test-watcher' });
  watcher.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/will', qos: 0 }] });
  await watcher.next('suback');
  for (const version of [4, 5] as const) {
    const polite = await open(world, { will: { ...WILL, payload: 'polite' } }, { version });
    polite.send({ cmd: 'disconnect' });
    await polite.closed;
    const broken = await open(world, { will: { ...WILL, payload: `broken ${version}` } }, { version });
    broken.socket.destroy();
    assert.equal(String((await watcher.next('publish')).payload), `broken ${version}`);
  }
  watcher.socket.destroy();
});

test('what is published just before the end is not lost', async () => {
  const watcher = await open(world, { clientId: 'test-watcher' });
  watcher.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/last', qos: 0 }] });
  await watcher.next('suback');
  const hasty = await open(world);
  hasty.send(publish('test/last', { payload: 'words' }));
  hasty.socket.end();
  assert.equal(String((await watcher.next('publish')).payload), 'words');
  watcher.socket.destroy();
});

test('receiving needs a policy: what it denies is not delivered, and the rest still is', async () => {
  const muted = await startWorld({
    registry: (standard) => {
      const device = {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
          { Effect: 'Deny', Action: 'iot:Receive', Resource: '*topic/test/secret' },
        ],
      };
      return { ...standard, policies: { ...standard.policies, 'sandbox-device': device } };
    },
  });
  try {
    const client = await join(muted);
    await client.next('connack');
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/#', qos: 1 }] });
    await client.next('suback');
    for (let id = 1; id <= 3; id++) client.send(publish('test/secret', { qos: 1, messageId: id }));
    client.send(publish('test/open', { qos: 1, messageId: 4 }));
    assert.equal((await client.next('publish')).topic, 'test/open');
    client.socket.destroy();
  } finally {
    await muted.stop();
  }
});

test('a message larger than the client takes is left out', async () => {
  const client = await open(world, { properties: { maximumPacketSize: 100 } });
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/size', qos: 1 }] });
  await client.next('suback');
  client.send(publish('test/size', { payload: Buffer.alloc(200), qos: 1, messageId: 1 }));
  client.send(publish('test/size', { payload: 'small', qos: 1, messageId: 2 }));
  assert.equal(String((await client.next('publish')).payload), 'small');
  client.socket.destroy();
});

test('a policy changed while a client is connected holds for its next packet', async () => {
  const changing = await startWorld();
  try {
    const client = await join(changing);
    await client.next('connack');
    client.send(publish('test/a', { qos: 1, messageId: 1 }));
    assert.equal((await client.next('puback')).reasonCode, 0);
    changing.aws.registry.policies['sandbox-device'] = {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
    };
    client.send(publish('test/a', { qos: 1, messageId: 2 }));
    assert.equal((await client.next('puback')).reasonCode, 0x87);
    await client.closed;
  } finally {
    await changing.stop();
  }
});
