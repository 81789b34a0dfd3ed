import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generate, parser, type Packet as TheirPacket } from 'mqtt-packet';
import {
  encodeConnack,
  encodeConnect,
  encodeEmpty,
  encodePublish,
  encodeSuback,
  encodeSubscribe,
  PACKET_BYTES_MAX,
  PacketReader,
  type Packet,
} from './mqtt.ts';

const payload = Uint8Array.from({ length: 300 }, (_, at) => at % 256);

/** Ours, and what mqtt-packet has to read in it. */
const PACKETS: readonly { readonly name: string; readonly bytes: Uint8Array; readonly theirs: Record<string, unknown> }[] = [
  {
    name: 'CONNECT',
    bytes: encodeConnect('agent-7', 60),
    theirs: { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'agent-7', keepalive: 60 },
  },
  { name: 'CONNECT of a name beyond ASCII', bytes: encodeConnect('Gerät-😀', 1_200), theirs: { clientId: 'Gerät-😀', keepalive: 1_200 } },
  { name: 'CONNACK', bytes: encodeConnack(3), theirs: { cmd: 'connack', returnCode: 3, sessionPresent: false } },
  {
    name: 'SUBSCRIBE',
    bytes: encodeSubscribe(513, 'load/agent-7'),
    theirs: { cmd: 'subscribe', messageId: 513, subscriptions: [{ topic: 'load/agent-7', qos: 0 }] },
  },
  { name: 'SUBACK', bytes: encodeSuback(513, 2), theirs: { cmd: 'suback', messageId: 513, granted: [0, 0] } },
  {
    name: 'PUBLISH',
    bytes: encodePublish('load/agent-7', payload),
    theirs: { cmd: 'publish', topic: 'load/agent-7', qos: 0, retain: false, dup: false, payload: Buffer.from(payload) },
  },
  { name: 'PINGREQ', bytes: encodeEmpty('pingreq'), theirs: { cmd: 'pingreq' } },
  { name: 'PINGRESP', bytes: encodeEmpty('pingresp'), theirs: { cmd: 'pingresp' } },
  { name: 'DISCONNECT', bytes: encodeEmpty('disconnect'), theirs: { cmd: 'disconnect' } },
];

for (const { name, bytes, theirs } of PACKETS) {
  test(`mqtt-packet reads our ${name}`, () => {
    const read: Record<string, unknown>[] = [];
    const reader = parser();
    reader.on('packet', (packet: TheirPacket) => read.push({ ...packet }));
    reader.on('error', (error: Error) => assert.fail(error));
    reader.parse(Buffer.from(bytes));
    assert.equal(read.length, 1);
    assert.partialDeepStrictEqual(read[0], theirs);
  });
}

const THEIRS: readonly { readonly packet: TheirPacket; readonly ours: Partial<Packet> }[] = [
  {
    packet: {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: 'käfer',
      keepalive: 30,
      username: 'u',
      password: Buffer.from('p'),
    },
    ours: { type: 'connect', clientId: 'käfer', keepAliveSeconds: 30 },
  },
  { packet: { cmd: 'connack', returnCode: 5, sessionPresent: false }, ours: { type: 'connack', code: 5 } },
  {
    packet: {
      cmd: 'subscribe',
      messageId: 9,
      subscriptions: [
        { topic: 'a/b', qos: 1 },
        { topic: 'c', qos: 0 },
      ],
    },
    ours: { type: 'subscribe', id: 9, topics: ['a/b', 'c'] },
  },
  { packet: { cmd: 'suback', messageId: 9, granted: [1, 128] }, ours: { type: 'suback', id: 9, codes: [1, 128] } },
  { packet: { cmd: 'publish', topic: 'a', payload: 'hello', qos: 0, retain: true, dup: false }, ours: { type: 'publish', topic: 'a' } },
  { packet: { cmd: 'pingreq' }, ours: { type: 'pingreq' } },
  { packet: { cmd: 'pingresp' }, ours: { type: 'pingresp' } },
  { packet: { cmd: 'disconnect' }, ours: { type: 'disconnect' } },
];

for (const { packet, ours } of THEIRS) {
  test(`we read mqtt-packet's ${packet.cmd}`, () => {
    const { packets, fault } = new PacketReader().read(generate(packet));
    assert.equal(fault, null);
    assert.equal(packets.length, 1);
    assert.partialDeepStrictEqual(packets[0], ours);
  });
}

const STREAM = Buffer.concat(PACKETS.map(({ bytes }) => bytes));
const WHOLE = plain(new PacketReader().read(STREAM).packets);

/** Views compare by what they show. */
function plain(packets: readonly Packet[]): unknown[] {
  return packets.map((packet) =>
    packet.type === 'publish' ? { ...packet, payload: [...packet.payload], bytes: [...packet.bytes] } : packet,
  );
}

test('a stream of every packet reads the same however it is cut in two', () => {
  assert.equal(WHOLE.length, PACKETS.length);
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const reader = new PacketReader();
    const read = [...reader.read(STREAM.subarray(0, cut)).packets, ...reader.read(STREAM.subarray(cut)).packets];
    assert.deepEqual(plain(read), WHOLE, `cut at ${cut}`);
  }
});

test('and byte by byte, from memory that is used again', () => {
  const reader = new PacketReader();
  const one = new Uint8Array(1);
  const read: unknown[] = [];
  for (const byte of STREAM) {
    one[0] = byte;
    read.push(...plain(reader.read(one).packets));
  }
  assert.deepEqual(read, WHOLE);
});

for (const { name, bytes } of PACKETS) {
  test(`no beginning of a ${name} is a packet, and none is a fault`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(new PacketReader().read(bytes.subarray(0, length)), { packets: [], fault: null }, `${length} bytes`);
    }
  });
}

for (const [what, bytes, why] of [
  ['type 0', [0x00, 0x00], 'packet type 0 is none that is spoken here'],
  ['a PUBACK: no QoS 1 here', [0x40, 0x02, 0, 1], 'packet type 4 is none that is spoken here'],
  ['a PUBLISH of QoS 1', [0x32, 0x05, 0, 1, 0x61, 0, 1], 'flags 2 in a publish'],
  ['a SUBSCRIBE without its flags', [0x80, 0x06, 0, 1, 0, 1, 0x61, 0], 'flags 0 in a subscribe'],
  ['a length of five bytes', [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], 'a publish of more than 131072 bytes'],
  ['a length beyond the bound', [0x30, 0x81, 0x80, 0x08], 'a publish of more than 131072 bytes'],
  ['a CONNECT of MQTT 5', [0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 1, 0x61], 'the connect is malformed'],
  ['a CONNECT of another protocol', [0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x53, 4, 2, 0, 60, 0, 1, 0x61], 'the connect is malformed'],
  [
    'a CONNECT whose client id is longer than it',
    [0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 9, 0x61],
    'the connect is malformed',
  ],
  ['a CONNACK with a body too long', [0x20, 0x03, 0, 0, 0], 'the connack is malformed'],
  ['a SUBSCRIBE of nothing', [0x82, 0x02, 0, 1], 'the subscribe is malformed'],
  ['a PUBLISH without a topic', [0x30, 0x02, 0, 0], 'the publish is malformed'],
  ['a topic that is not UTF-8', [0x30, 0x04, 0, 2, 0xc3, 0x28], 'the publish is malformed'],
  ['a PINGREQ with a body', [0xc0, 0x01, 0], 'the pingreq is malformed'],
] as const) {
  test(`${what} is a fault, and nothing is read after it`, () => {
    const reader = new PacketReader();
    const before = encodeEmpty('pingresp');
    const decoded = reader.read(Uint8Array.from([...before, ...bytes]));
    assert.deepEqual(decoded, { packets: [{ type: 'pingresp' }], fault: why });
    assert.deepEqual(reader.read(encodeEmpty('pingreq')), { packets: [], fault: why });
  });
}

test('random bytes are packets, more or a fault, and never a throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
      const reader = new PacketReader();
      for (const chunk of chunks) reader.read(chunk);
    }),
    { numRuns: 20_000 },
  );
});

test('every text goes through a CONNECT and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (clientId) => {
      const [packet] = new PacketReader().read(encodeConnect(clientId, 60)).packets;
      assert.deepEqual(packet, { type: 'connect', clientId: clientId.toWellFormed(), keepAliveSeconds: 60 });
    }),
  );
});

test('the longest packet is read, and a longer one is not made', () => {
  const topic = 'a';
  const most = PACKET_BYTES_MAX - topic.length - 2;
  const { packets } = new PacketReader().read(encodePublish(topic, new Uint8Array(most)));
  assert.equal(packets[0]?.type === 'publish' && packets[0].payload.length, most);
  assert.throws(() => encodePublish(topic, new Uint8Array(most + 1)), /131073 bytes/);
});
