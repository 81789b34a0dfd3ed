import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { before, test } from 'node:test';
import { connect } from 'node:tls';
import { parseClientHello } from './client-hello.ts';

const NAME = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
let hello: Buffer;
let bare: Buffer;

/** What Node's own TLS client would send. */
async function captureHello(options: object): Promise<Buffer> {
  const [client, server] = duplexPair();
  const tls = connect({ socket: client, ...options });
  tls.on('error', () => {});
  const chunk = (await new Promise((resolve) => server.once('data', resolve))) as Buffer;
  tls.destroy();
  return chunk;
}

before(async () => {
  hello = await captureHello({ servername: NAME.toUpperCase(), ALPNProtocols: ['x-amzn-mqtt-ca', 'http/1.1'] });
  bare = await captureHello({});
});

test('a hello gives its name in lower case and its protocols in order', () => {
  assert.deepEqual(parseClientHello(hello), { kind: 'hello', serverName: NAME, alpn: ['x-amzn-mqtt-ca', 'http/1.1'] });
});

test('a hello without extensions asked for gives none', () => {
  assert.deepEqual(parseClientHello(bare), { kind: 'hello', serverName: undefined, alpn: [] });
});

test('every prefix asks for more', () => {
  for (let length = 0; length < hello.length; length++) assert.equal(parseClientHello(hello.subarray(0, length)).kind, 'more', `${length}`);
});

test('a hello spread over records reads the same', () => {
  for (const size of [1, 3, 100, 1_000]) {
    const body = hello.subarray(5);
    const records: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const part = body.subarray(at, at + size);
      records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
    }
    assert.deepEqual(parseClientHello(Buffer.concat(records)), parseClientHello(hello), `${size}`);
  }
});

for (const [name, bytes] of [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['an alert', Buffer.from([21, 3, 3, 0, 2, 1, 0])],
  ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
  ['another version', Buffer.from([22, 2])],
  ['a ServerHello', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
  ['a hello of 16 MB', Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff])],
  ['a hello that ends early', Buffer.from([22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3])],
] as const) {
  test(`malformed: ${name}`, () => assert.equal(parseClientHello(bytes).kind, 'malformed'));
}

test('any flipped byte gives an answer, never a throw', () => {
  for (let at = 0; at < hello.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Buffer.from(hello);
      changed[at] = value;
      parseClientHello(changed);
    }
  }
});
