import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { generate } from 'mqtt-packet';
import { Client } from '../testing/client.ts';
import { ownFolder } from '../testing/folder.ts';
import { FarEnd } from './server.ts';
import { SharedCount } from './shared-count.ts';

async function farEnd(context: TestContext, quota: number | null = null, nowMs = () => 5_000): Promise<FarEnd> {
  const file = join(ownFolder(context), 'count');
  writeFileSync(file, '');
  const count = new SharedCount(file, 0, 1);
  const one = new FarEnd({ address: '127.0.0.1', port: 0, quota, count, nowMs });
  await one.listen();
  context.after(() => {
    one.die();
    count.close();
  });
  return one;
}

test('it takes a CONNECT, a SUBSCRIBE and a PINGREQ', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context);
  const client = await Client.connected(context, far.port);
  assert.equal(client.socket.protocol, 'mqtt');
  assert.equal(client.socket.extensions, '', 'no compression');
  client.connect();
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'connack', returnCode: 0 });
  client.send({
    cmd: 'subscribe',
    messageId: 4,
    subscriptions: [
      { topic: 'a', qos: 0 },
      { topic: 'b', qos: 0 },
    ],
  });
  assert.partialDeepStrictEqual(await client.next(), { cmd: 'suback', messageId: 4, granted: [0, 0] });
  client.send({ cmd: 'pingreq' });
  assert.equal((await client.next()).cmd, 'pingresp');
  assert.deepEqual(far.take(), { connects: 1, overQuota: 0, messages: 1 });
  assert.deepEqual(far.take(), { connects: 0, overQuota: 0, messages: 0 });
});

test('every message comes back as it was, however its bytes were cut', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context);
  const client = await Client.connected(context, far.port);
  client.connect();
  await client.next();
  const bytes = generate({ cmd: 'publish', topic: 'load/c', payload: Buffer.alloc(3_000, 7), qos: 0, dup: false, retain: false });
  client.socket.send(bytes.subarray(0, 1));
  client.socket.send(bytes.subarray(1, 1_500));
  client.socket.send(Buffer.concat([bytes.subarray(1_500), generate({ cmd: 'pingreq' })]));
  const echo = await client.next();
  assert.partialDeepStrictEqual(echo, { cmd: 'publish', topic: 'load/c' });
  assert.ok(echo.cmd === 'publish' && Buffer.alloc(3_000, 7).equals(echo.payload as Buffer));
  assert.equal((await client.next()).cmd, 'pingresp');
});

test('a CONNECT beyond the quota of a second is counted, and sent away to come back', { timeout: 20_000 }, async (context) => {
  let nowMs = 5_000;
  const far = await farEnd(context, 2, () => nowMs);
  const answers: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    if (turn === 3) nowMs = 6_000;
    const client = await Client.connected(context, far.port);
    client.connect();
    const answer = await client.next();
    answers.push(answer.cmd === 'connack' ? (answer.returnCode ?? -1) : -1);
    if (turn === 2) assert.equal(await client.closed(), 1013);
  }
  assert.deepEqual(answers, [0, 0, 3, 0]);
  assert.partialDeepStrictEqual(far.take(), { connects: 4, overQuota: 1 });
});

test('throttled it sends away more, which is not beyond the quota', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context, 2);
  far.throttle(0);
  const sentAway = await Client.connected(context, far.port);
  sentAway.connect();
  assert.partialDeepStrictEqual(await sentAway.next(), { returnCode: 3 });
  far.throttle(null);
  const taken = await Client.connected(context, far.port);
  taken.connect();
  assert.partialDeepStrictEqual(await taken.next(), { returnCode: 0 });
  assert.partialDeepStrictEqual(far.take(), { connects: 2, overQuota: 0 });
});

test('dead it resets what stands and takes nothing; back it listens where it did', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context);
  const { port } = far;
  const client = await Client.connected(context, port);
  client.connect();
  await client.next();
  far.die();
  assert.equal(await client.closed(), 1006);
  const refused = new Client(context, port);
  const [error] = (await once(refused.socket, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  await far.listen();
  assert.equal(far.port, port);
  const again = await Client.connected(context, port);
  again.connect();
  assert.partialDeepStrictEqual(await again.next(), { returnCode: 0 });
});

test('what is not MQTT, or not for a server, ends its own connection only', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context);
  const good = await Client.connected(context, far.port);
  for (const bytes of [Buffer.from('GET / HTTP/1.1'), generate({ cmd: 'pingresp' }), Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])]) {
    const bad = await Client.connected(context, far.port);
    bad.socket.send(bytes);
    assert.equal(await bad.closed(), 1002);
  }
  good.connect();
  assert.partialDeepStrictEqual(await good.next(), { returnCode: 0 });
});

test('a plain GET is told what is spoken here', { timeout: 20_000 }, async (context) => {
  const far = await farEnd(context);
  const [response] = (await once(get({ port: far.port, host: '127.0.0.1', agent: false }), 'response')) as [
    { statusCode: number; resume(): void },
  ];
  response.resume();
  assert.equal(response.statusCode, 426);
});

test('several count in one file: each is told the how-manieth of all it was', (context) => {
  const file = join(ownFolder(context), 'count');
  writeFileSync(file, '');
  const [one, other, third] = [0, 1, 2].map((row) => new SharedCount(file, row, 3)) as [SharedCount, SharedCount, SharedCount];
  assert.deepEqual([one.add(7), one.add(7), other.add(7), third.add(7), one.add(7)], [1, 2, 3, 4, 5]);
  assert.deepEqual([other.add(8), one.add(8)], [1, 2], 'a second begins at one');
  for (const count of [one, other, third]) count.close();
});
