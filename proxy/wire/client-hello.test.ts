import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import * as fc from 'fast-check';
import { EARLY_DATA_BYTES_MAX, HELLO_BYTES_MAX, HELLO_RECORDS_MAX } from '../core/limits.ts';
import { hello, helloMessage, type HelloPlan, paddedMessage, record, records } from '../test/hostile/hello-bytes.ts';
import { assertEverySplit } from '../test/hostile/splits.ts';
import { type HelloStep, readClientHello, readSecondHello } from './client-hello.ts';

const NAME = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const CHANGE_CIPHER_SPEC = record(20, Buffer.from([1]), 0x0303);

function isMore(step: HelloStep): boolean {
  return step.kind === 'more';
}

function outcome(step: HelloStep): string {
  return step.kind === 'fault' ? step.why : step.kind;
}

/** The first flight of the runtime's own TLS client. */
function realHello(options: ConnectionOptions): Promise<Buffer> {
  const [near, far] = duplexPair();
  const client = connect({ ...options, socket: near });
  client.on('error', () => {});
  return new Promise((resolve) => {
    far.once('data', (bytes: Buffer) => {
      resolve(bytes);
      client.destroy();
      far.destroy();
    });
  });
}

for (const [name, options, expected] of [
  ['name and protocols', { servername: NAME, ALPNProtocols: ['x-amzn-mqtt-ca'] }, { sni: NAME, alpn: ['x-amzn-mqtt-ca'], tls13: true }],
  ['neither', {}, { sni: null, alpn: [], tls13: true }],
  ['TLS 1.2 at most', { servername: NAME, maxVersion: 'TLSv1.2' }, { sni: NAME, alpn: [], tls13: false }],
  ['a post-quantum key share', { servername: NAME, ecdhCurve: 'X25519MLKEM768' }, { sni: NAME, alpn: [], tls13: true }],
] as const) {
  test(`a real hello with ${name} is read, at every split`, async () => {
    const input = await realHello({ ...options, ...('ALPNProtocols' in options && { ALPNProtocols: [...options.ALPNProtocols] }) });
    assert.deepEqual(readClientHello(input), { kind: 'hello', hello: expected, length: input.length });
    assertEverySplit({ input, reader: () => readClientHello, isMore });
  });
}

test('a real post-quantum hello is longer than a segment', async () => {
  const input = await realHello({ servername: NAME, ecdhCurve: 'X25519MLKEM768' });
  assert.ok(input.length > 1_460);
});

for (const [name, input] of [
  ['one record', hello({ sni: NAME, alpn: ['mqtt', 'h2'] })],
  ['two records', records(helloMessage({ sni: NAME, alpn: ['mqtt', 'h2'] }), 100)],
  [
    'a message header spread over records',
    Buffer.concat([records(helloMessage({ sni: NAME }).subarray(0, 3), 1), records(helloMessage({ sni: NAME }).subarray(3))]),
  ],
  ['no extensions', hello({ extensions: false })],
] as const) {
  test(`a hello in ${name} wants more at every prefix and reads the same at every split`, () => {
    assertEverySplit({ input, reader: () => readClientHello, isMore });
  });
}

test('a record boundary at every place of a hello changes nothing but its length', () => {
  const message = helloMessage({ sni: NAME, alpn: ['mqtt'] });
  for (let at = 1; at < message.length; at++) {
    const input = Buffer.concat([records(message.subarray(0, at)), records(message.subarray(at))]);
    assert.deepEqual(readClientHello(input), { kind: 'hello', hello: { sni: NAME, alpn: ['mqtt'], tls13: true }, length: input.length });
  }
});

test('records up to the cap are put together, one more is refused before it comes', () => {
  const message = helloMessage({ sni: NAME });
  const spread = (count: number): Buffer =>
    Buffer.concat([records(message.subarray(0, count - 1), 1), records(message.subarray(count - 1))]);
  assert.equal(outcome(readClientHello(spread(HELLO_RECORDS_MAX))), 'hello');
  const over = spread(HELLO_RECORDS_MAX + 1);
  assert.match(outcome(readClientHello(over)), /more than 64 records/);
  assert.match(outcome(readClientHello(over.subarray(0, HELLO_RECORDS_MAX * 6))), /more than 64 records/);
});

test('a hello at the cap of octets is read, one octet more is refused by its headers alone', () => {
  // Two records: 10 octets of headers.
  const atCap = records(paddedMessage({ sni: NAME }, HELLO_BYTES_MAX - 10), 16_384);
  assert.equal(atCap.length, HELLO_BYTES_MAX);
  assert.deepEqual(readClientHello(atCap), { kind: 'hello', hello: { sni: NAME, alpn: [], tls13: true }, length: HELLO_BYTES_MAX });
  const over = records(paddedMessage({ sni: NAME }, HELLO_BYTES_MAX - 9), 16_384);
  assert.match(outcome(readClientHello(over)), /longer than 32768/);
  assert.match(outcome(readClientHello(over.subarray(0, 16_384 + 5 + 5))), /longer than 32768/);
});

test('records that fill the cap without ending the hello are refused at once', () => {
  const unfinished = records(paddedMessage({ sni: NAME }, HELLO_BYTES_MAX - 5), 16_379).subarray(0, HELLO_BYTES_MAX);
  assert.match(outcome(readClientHello(unfinished)), /longer than 32768/);
});

test('a length that cannot fit the cap is refused as soon as it is read', () => {
  const start = (length: number): HelloStep => readClientHello(Buffer.from([22, 3, 1, 0, 40, 1, 0, length >> 8, length & 255]));
  // A record header and a message header: nine octets.
  assert.equal(outcome(start(HELLO_BYTES_MAX - 9)), 'more');
  assert.match(outcome(start(HELLO_BYTES_MAX - 8)), /longer than 32768/);
});

test('no more octets than the cap are ever wanted', () => {
  const message = paddedMessage({ sni: NAME }, HELLO_BYTES_MAX - 10);
  // Many records: their headers do not fit any more, which shows only on the way.
  const input = records(message, 600);
  assert.equal(outcome(readClientHello(input.subarray(0, 600))), 'more');
  assert.match(outcome(readClientHello(input.subarray(0, HELLO_BYTES_MAX))), /longer than 32768/);
});

for (const [name, bytes, why] of [
  ['another record type', record(23, Buffer.from('x')), /no handshake record/],
  ['an alert', record(21, Buffer.from([2, 40])), /no handshake record/],
  [
    'an alert between two fragments',
    Buffer.concat([
      records(helloMessage({ sni: NAME }).subarray(0, 50)),
      record(21, Buffer.from([1, 0])),
      records(helloMessage({ sni: NAME }).subarray(50)),
    ]),
    /no handshake record/,
  ],
  ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n'), /no handshake record/],
  ['SSH', Buffer.from('SSH-2.0-x\r\n'), /no handshake record/],
  ['SSLv2', Buffer.from('802e0100020015', 'hex'), /no handshake record/],
  ['a record of version 5.4', record(22, helloMessage({ sni: NAME }), 0x0504), /not 3\.x/],
  ['a record without content', Buffer.from('1603010000', 'hex'), /without content/],
  [
    'an empty record between fragments',
    Buffer.concat([
      records(helloMessage({ sni: NAME }).subarray(0, 50)),
      record(22, Buffer.alloc(0)),
      records(helloMessage({ sni: NAME }).subarray(50)),
    ]),
    /without content/,
  ],
  ['a record of more than 2^14 octets', Buffer.from('1603014001', 'hex'), /longer than TLS allows/],
  ['a message of 16 MiB', Buffer.from('160301000401ffffff', 'hex'), /longer than 32768/],
  ['another message', record(22, Buffer.from('0200002603', 'hex')), /no ClientHello/],
  ['octets behind it in its record', record(22, Buffer.concat([helloMessage({ sni: NAME }), Buffer.from('x')])), /behind the hello/],
  [
    'another message behind it in its record',
    record(22, Buffer.concat([helloMessage({ sni: NAME }), helloMessage({ sni: NAME })])),
    /behind the hello/,
  ],
  ['a message shorter than its content', records(helloMessage({ sni: NAME }, -2)), /behind the hello/],
] as const) {
  test(`${name} is refused`, () => {
    const step = readClientHello(bytes);
    assert.ok(step.kind === 'fault');
    assert.equal(step.code, 'HELLO_MALFORMED');
    assert.match(step.why, why);
  });
}

test('a message longer than its content waits for the rest', () => {
  assert.equal(outcome(readClientHello(records(helloMessage({ sni: NAME }, 2)))), 'more');
});

test('a bad record is refused by its first octet', () => {
  assert.equal(outcome(readClientHello(Buffer.alloc(0))), 'more');
  assert.match(outcome(readClientHello(Buffer.from([0x17]))), /no handshake record/);
  assert.match(outcome(readClientHello(Buffer.from([0x16, 0x05]))), /not 3\.x/);
});

test('what a client sends behind its hello is not looked at', () => {
  const first = hello({ sni: NAME });
  const early = record(23, Buffer.alloc(300, 1), 0x0303);
  assert.deepEqual(readClientHello(Buffer.concat([first, early])), readClientHello(first));
});

const EARLY = record(23, Buffer.alloc(200, 5), 0x0303);
const SECOND: HelloPlan = { sni: NAME, alpn: ['mqtt'] };

for (const [name, before] of [
  ['at once', []],
  ['behind a ChangeCipherSpec', [CHANGE_CIPHER_SPEC]],
  ['behind early data', [EARLY, EARLY]],
  ['behind both', [EARLY, CHANGE_CIPHER_SPEC, EARLY]],
] as const) {
  test(`a second hello ${name} is read at every split, and its length counts what stands before it`, () => {
    const input = Buffer.concat([...before, records(helloMessage(SECOND), 90)]);
    assert.deepEqual(readSecondHello(input), { kind: 'hello', hello: { sni: NAME, alpn: ['mqtt'], tls13: true }, length: input.length });
    assertEverySplit({ input, reader: () => readSecondHello, isMore });
  });
}

test('early data up to its cap is skipped, one octet more is refused by its header alone', () => {
  const full = record(23, Buffer.alloc(16_379), 0x0303);
  assert.equal(full.length * 4, EARLY_DATA_BYTES_MAX);
  const second = hello(SECOND);
  const atCap = Buffer.concat([full, full, full, full, second]);
  assert.deepEqual(readSecondHello(atCap), { kind: 'hello', hello: { sni: NAME, alpn: ['mqtt'], tls13: true }, length: atCap.length });
  const over = Buffer.concat([full, full, full, record(23, Buffer.alloc(16_380), 0x0303), second]);
  assert.match(outcome(readSecondHello(over)), /more than 65536 octets/);
  assert.match(outcome(readSecondHello(over.subarray(0, full.length * 3 + 5))), /more than 65536 octets/);
});

test('records before the second hello have a cap of their own', () => {
  const second = hello(SECOND);
  assert.equal(outcome(readSecondHello(Buffer.concat([...Array<Buffer>(256).fill(CHANGE_CIPHER_SPEC), second]))), 'hello');
  assert.match(outcome(readSecondHello(Buffer.concat([...Array<Buffer>(257).fill(CHANGE_CIPHER_SPEC), second]))), /more than 256 records/);
});

for (const [name, bytes, why] of [
  ['an alert', record(21, Buffer.from([2, 47]), 0x0303), /may not stand/],
  ['plain text', Buffer.from('GET /'), /may not stand/],
  ['a ChangeCipherSpec of 2', record(20, Buffer.from([2]), 0x0303), /single octet/],
  ['a longer ChangeCipherSpec', record(20, Buffer.from([1, 1]), 0x0303), /single octet/],
  ['an empty ChangeCipherSpec', Buffer.from('1403030000', 'hex'), /single octet/],
  ['empty early data', Buffer.from('1703030000', 'hex'), /length TLS does not allow/],
  ['early data of more than 2^14 + 256 octets', Buffer.from('1703034101', 'hex'), /length TLS does not allow/],
  ['a record of version 2', Buffer.from('1702', 'hex'), /not 3\.x/],
  ['another handshake message', record(22, Buffer.from('0b000000', 'hex'), 0x0303), /no ClientHello/],
  ['a malformed hello', record(22, Buffer.from('0100000100', 'hex'), 0x0303), /ends too early/],
] as const) {
  test(`${name} in place of the second hello is refused`, () => {
    assert.match(outcome(readSecondHello(bytes)), why);
  });
}

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (list) => {
      const bytes = Buffer.from(list);
      for (const prefix of [Buffer.alloc(0), Buffer.from('160301', 'hex'), CHANGE_CIPHER_SPEC]) {
        readClientHello(Buffer.concat([prefix, bytes]));
        readSecondHello(Buffer.concat([prefix, bytes]));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a hello with octets changed is read or refused, the same way in two pieces, and its name is always a name', () => {
  const good = hello({ sni: NAME, alpn: ['mqtt', 'http/1.1'], extra: [[51, Buffer.alloc(40)]] });
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(changes, fc.nat(good.length), (list, split) => {
      const bytes = Buffer.from(good);
      for (const [at, octet] of list) bytes[at] = octet;
      const step = readClientHello(bytes);
      const early = readClientHello(bytes.subarray(0, split));
      if (early.kind !== 'more') assert.deepEqual(early, step);
      if (step.kind === 'hello' && step.hello.sni !== null) assert.match(step.hello.sni, /^[a-z0-9.:-]+$/);
    }),
    { numRuns: 5_000 },
  );
});
