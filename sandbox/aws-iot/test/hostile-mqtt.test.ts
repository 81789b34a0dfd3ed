/** Bad input in MQTT, and clients that behave badly: nothing crashes, nothing stays, others are served all the while. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { generate, type Packet } from 'mqtt-packet';
import { startWorld, until } from './support/harness.ts';
import { createRandom, ended, type HostileWorld, startHostileWorld, tcp } from './support/hostile.ts';
import { dial, dialTls, join } from './support/raw-mqtt.ts';

let world: HostileWorld;
before(async () => {
  world = await startHostileWorld();
});
after(() => world.stop());

const MQTT: [name: string, bytes: Buffer][] = [
  ['garbage', Buffer.alloc(2_000, 0xa5)],
  ['a length of 256 MB', Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])],
  ['a length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ['a packet before CONNECT', generate({ cmd: 'pingreq' })],
  ['a CONNECT of another protocol', Buffer.from([0x10, 8, 0, 4, 0x48, 0x54, 0x54, 0x50, 9, 0])],
  ['a cut-off CONNECT', Buffer.from([0x10, 4, 0, 4, 0x4d, 0x51])],
];
for (const [name, bytes] of MQTT) {
  test(`MQTT with ${name} ends the connection`, async () => {
    const client = await dial(world);
    client.socket.write(bytes);
    await client.closed;
    await world.assertUnharmed();
  });
}

for (const version of [4, 5] as const) {
  test(`packets of MQTT ${version} with bytes changed at random never harm`, async (context) => {
    const seed = Date.now() % 2 ** 31;
    context.diagnostic(`seed ${seed}`);
    const random = createRandom(seed);
    const seeds = samplePackets(version).map((packet) => generate(packet, { protocolVersion: version }));
    for (let round = 0; round < 60; round++) {
      const client = await join(world, {}, { version });
      await client.next('connack');
      for (let count = 0; count < 10 && !client.socket.destroyed; count++) {
        const bytes = Buffer.from(seeds[random(seeds.length)] ?? []);
        for (let flips = random(4); flips > 0; flips--) bytes[random(bytes.length)] = random(256);
        client.socket.write(bytes);
      }
      client.reset();
      await client.closed;
    }
    await world.assertUnharmed();
  });
}

test('a client that does not read is dropped, and the publisher is not held up', async () => {
  const deaf = await join(world);
  await deaf.next('connack');
  deaf.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'test/flood', qos: 0 }] });
  await deaf.next('suback');
  deaf.socket.pause();
  const payload = Buffer.alloc(100_000);
  let sent = 0;
  while (!world.lines.some((line) => line.includes('the client does not read'))) {
    world.witness.send({
      cmd: 'publish',
      topic: 'test/flood',
      payload,
      qos: 1,
      messageId: (sent++ % 1_000) + 1,
      retain: false,
      dup: false,
    });
    await world.witness.next('puback');
    assert.ok(sent < 2_000, 'still not dropped after 200 MB');
  }
  deaf.socket.destroy();
  await world.assertUnharmed();
});

test('clients that come and go with one id, at once and broken, leave one or none', async () => {
  const waves = Array.from({ length: 40 }, async (_, index) => {
    const client = await join(
      world,
      { clean: index % 2 === 0, properties: { sessionExpiryInterval: index % 3 } },
      { version: index % 5 === 0 ? 4 : 5 },
    );
    if (index % 4 === 0) client.reset();
    else await client.next('connack').catch(() => {});
    return client;
  });
  for (const client of await Promise.all(waves)) client.socket.destroy();
  await world.assertUnharmed();
});

test('stopping with clients of every kind connected leaves nothing that keeps a process alive', async () => {
  const kinds = () =>
    process
      .getActiveResourcesInfo()
      .filter((kind) => /^(TCP|TLS|Timeout|Immediate)/.test(kind))
      .toSorted();
  const before = kinds();
  const own = await startWorld();
  const clients = [
    await join(own),
    await join(own, { clientId: 'test-2', clean: false, properties: { sessionExpiryInterval: 600 } }),
    await join(own, { clientId: 'test-3' }, { version: 4 }),
  ];
  for (const client of clients) await client.next('connack');
  const silent = [await tcp(own.aws.data.wssPort), await tcp(own.aws.credentials.port)];
  const idle = await dialTls(own, { tls: { port: own.aws.data.httpsPort } });
  idle.socket.on('error', () => {});
  await own.stop();
  await Promise.all([...clients.map(({ closed }) => closed), ...silent.map(ended), ended(idle.socket)]);
  await until('all handles are gone', () => kinds().length <= before.length);
  assert.equal(own.aws.counts().sockets, 0);
});

test('after it all, the log holds no secret and the process no socket beyond the witness', async () => {
  await world.assertUnharmed();
  const { secretAccessKey } = world.aws.accessKey;
  assert.equal(
    world.lines.some((line) => line.includes(secretAccessKey) || /X-Amz-[A-Za-z-]+=/.test(line)),
    false,
  );
});

function samplePackets(version: 4 | 5): Packet[] {
  const five = version === 5;
  return [
    {
      cmd: 'publish',
      topic: 'test/a',
      payload: 'x',
      qos: 1,
      messageId: 1,
      retain: false,
      dup: false,
      ...(five ? { properties: { topicAlias: 1, userProperties: { a: 'b' }, messageExpiryInterval: 9 } } : {}),
    },
    { cmd: 'publish', topic: 'test/a', payload: '', qos: 0, retain: true, dup: false },
    {
      cmd: 'publish',
      topic: `$aws/things/${world.aws.thing}/shadow/update`,
      payload: '{"state":{"desired":{"a":1}}}',
      qos: 1,
      messageId: 5,
      retain: false,
      dup: false,
    },
    {
      cmd: 'subscribe',
      messageId: 2,
      subscriptions: [
        { topic: 'test/#', qos: 1 },
        { topic: 'test/+/x', qos: 0 },
      ],
    },
    { cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['test/#', 'x'] },
    { cmd: 'puback', messageId: 4 },
    { cmd: 'pingreq' },
    { cmd: 'disconnect', ...(five ? { reasonCode: 4, properties: { sessionExpiryInterval: 1 } } : {}) },
    { cmd: 'connect', clientId: 'x', protocolId: 'MQTT', protocolVersion: version },
    { cmd: 'pubrel', messageId: 6 },
  ];
}
