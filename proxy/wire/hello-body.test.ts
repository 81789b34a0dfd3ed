import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extension, GREASE, helloBody, extensionsOf, type HelloPlan, protocols, serverNames, vector } from '../test/hostile/hello-bytes.ts';
import { parseHelloBody } from './hello-body.ts';

const NAME = 'iot.example.com';

function parse(plan: HelloPlan): ReturnType<typeof parseHelloBody> {
  return parseHelloBody(helloBody(plan, plan.extensions === false ? Buffer.alloc(0) : vector(2, extensionsOf(plan))));
}

/** A hello with these extensions and no others. */
function parseWith(...extensions: Buffer[]): ReturnType<typeof parseHelloBody> {
  return parseHelloBody(helloBody({}, vector(2, Buffer.concat(extensions))));
}

for (const [name, plan, expected] of [
  ['a name', { sni: NAME }, { sni: NAME }],
  ['a name in capitals', { sni: 'IOT.Example.COM' }, { sni: NAME }],
  ['no name', {}, { sni: null }],
  ['an IPv4 address for a name', { sni: '203.0.113.10' }, { sni: '203.0.113.10' }],
  ['an IPv6 address for a name', { sni: '2001:DB8:0::1' }, { sni: '2001:db8::1' }],
  ['an IPv6 address in brackets', { sni: '[::1]' }, { sni: '::1' }],
  ['protocols', { alpn: ['x-amzn-mqtt-ca', 'mqtt'] }, { alpn: ['x-amzn-mqtt-ca', 'mqtt'] }],
  ['GREASE among the protocols', { alpn: ['\x0a\x0a', 'h2', '\xfa\xfa'] }, { alpn: ['h2'] }],
  ['GREASE alone', { alpn: ['\x5a\x5a'] }, { alpn: [] }],
  ['what only looks like GREASE', { alpn: ['\x0a\x1a', '\x0b\x0b', '\x0a'] }, { alpn: ['\x0a\x1a', '\x0b\x0b', '\x0a'] }],
  [
    'GREASE everywhere',
    {
      sni: NAME,
      versions: [GREASE, 0x0304],
      cipherSuites: [GREASE, 0x1301],
      extra: [
        [GREASE, Buffer.alloc(0)],
        [0x1a1a, Buffer.from([0])],
      ],
    },
    { sni: NAME, tls13: true },
  ],
  ['ECH with an outer name', { sni: 'cloud-front.test', extra: [[0xfe0d, Buffer.alloc(200, 3)]] }, { sni: 'cloud-front.test' }],
  ['TLS 1.2 in the list of versions', { versions: [0x0303] }, { tls13: false }],
  ['TLS 1.2 without such a list', { versions: null }, { tls13: false }],
  ['a legacy version beyond 1.2', { versions: null, legacyVersion: 0x0304 }, { tls13: false }],
  ['a legacy version of 1.0 with 1.3 in the list', { versions: [0x0304], legacyVersion: 0x0301 }, { tls13: true }],
  ['no extensions at all', { extensions: false }, { sni: null, alpn: [], tls13: false }],
  ['an empty session id', { sessionId: Buffer.alloc(0) }, { sni: null }],
] as const) {
  test(`a hello with ${name} is read`, () => {
    const parsed = parse(plan);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
    assert.deepEqual({ ...parsed.hello, ...expected }, parsed.hello);
  });
}

test('an empty block of extensions is none', () => {
  assert.deepEqual(parseWith(), { ok: true, hello: { sni: null, alpn: [], tls13: false } });
});

for (const sni of [
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  `${'a'.repeat(64)}.test`,
  'a'.repeat(256),
  'a'.repeat(60_000),
  'a_b.test',
  '-a.test',
  '*.test',
  `${NAME}\0.evil.test`,
  `${NAME}\r\nfake`,
  '\xff\xfe',
  'a\x1b[31m.test',
  'a\x07.test',
  'a b',
  'a/b',
  'a@b',
  `${NAME}:443`,
  '%61.test',
  '[::1',
  '::1]',
  '[a]',
  '[127.0.0.1]',
  '::1%eth0',
  '\xc4\xb1ot.test',
]) {
  test(`${JSON.stringify(sni.slice(0, 30))} is no server name`, () => {
    const parsed = parse({ sni });
    assert.ok(!parsed.ok);
    assert.match(parsed.why, /no host name/);
  });
}

for (const [name, parsed, why] of [
  [
    'two names',
    parse({
      names: [
        [0, NAME],
        [0, 'evil.test'],
      ],
    }),
    /not one name/,
  ],
  [
    'the same name twice',
    parse({
      names: [
        [0, NAME],
        [0, NAME],
      ],
    }),
    /not one name/,
  ],
  [
    'a second name of another type',
    parse({
      names: [
        [0, NAME],
        [9, 'opaque'],
      ],
    }),
    /not one name/,
  ],
  [
    'another type of name first',
    parse({
      names: [
        [9, 'opaque'],
        [0, NAME],
      ],
    }),
    /no host name/,
  ],
  ['another type of name alone', parse({ names: [[1, NAME]] }), /no host name/],
  ['an empty list of names', parse({ names: [] }), /no host name/],
  ['an empty server_name', parseWith(extension(0, Buffer.alloc(0))), /does not fill/],
  ['server_name twice', parseWith(extension(0, serverNames([[0, NAME]])), extension(0, serverNames([[0, 'evil.test']]))), /twice/],
  ['an unknown extension twice', parseWith(extension(0x1234, Buffer.alloc(0)), extension(0x1234, Buffer.alloc(0))), /twice/],
  [
    'a list of names longer than its extension',
    parseWith(extension(0, vector(2, serverNames([[0, NAME]]).subarray(2), 1))),
    /does not fill/,
  ],
  [
    'a list of names shorter than its extension',
    parseWith(extension(0, vector(2, serverNames([[0, NAME]]).subarray(2), -1))),
    /does not fill/,
  ],
  [
    'a name longer than its list',
    parseWith(extension(0, Buffer.concat([Buffer.from([0, 6, 0, 0, 9]), Buffer.from('abc')]))),
    /not one name/,
  ],
  ['a list with its type only', parseWith(extension(0, Buffer.from([0, 1, 0]))), /not one name/],
  ['an extension longer than the block', parseWith(Buffer.from([0, 23, 0, 1])), /longer than its place/],
  ['half an extension header', parseWith(Buffer.from([0, 23, 0])), /longer than its place/],
  ['extensions longer than the message', parseHelloBody(helloBody({}, vector(2, extensionsOf({ sni: NAME }), 1))), /do not fill/],
  ['extensions shorter than the message', parseHelloBody(helloBody({}, vector(2, extensionsOf({ sni: NAME }), -1))), /do not fill/],
  ['half a length of extensions', parseHelloBody(helloBody({}, Buffer.from([0]))), /do not fill/],
  ['an empty list of protocols', parseWith(extension(16, protocols([]))), /list of protocols/],
  ['an empty protocol', parse({ alpn: ['mqtt', ''] }), /list of protocols/],
  ['an empty ALPN extension', parseWith(extension(16, Buffer.alloc(0))), /list of protocols/],
  ['a protocol longer than its list', parseWith(extension(16, Buffer.from([0, 3, 3, 104, 50]))), /list of protocols/],
  [
    'a list of protocols shorter than its extension',
    parseWith(extension(16, vector(2, Buffer.from([2, 104, 50]), -1))),
    /list of protocols/,
  ],
  ['more protocols than the cap', parse({ alpn: Array<string>(65).fill('h2') }), /more than 64/],
  ['TLS 1.1 at most', parse({ versions: [0x0302, 0x0301] }), /neither TLS 1\.2/],
  ['a legacy version of 1.0', parse({ versions: null, legacyVersion: 0x0301 }), /neither TLS 1\.2/],
  ['a legacy version of 1.0 and no extensions', parse({ extensions: false, legacyVersion: 0x0301 }), /neither TLS 1\.2/],
  ['GREASE for its only version', parse({ versions: [GREASE] }), /neither TLS 1\.2/],
  ['a legacy version of SSL 2', parse({ legacyVersion: 0x0002 }), /not 3\.x/],
  ['a DTLS version', parse({ legacyVersion: 0xfefd }), /not 3\.x/],
  ['half a version', parseWith(extension(43, Buffer.from([3, 3, 4, 3]))), /list of versions/],
  ['an empty list of versions', parseWith(extension(43, Buffer.from([0]))), /list of versions/],
  ['a list of versions longer than its extension', parseWith(extension(43, Buffer.from([4, 3, 4]))), /list of versions/],
  ['a session id of 33 octets', parse({ sessionId: Buffer.alloc(33) }), /session id/],
  ['no cipher suites', parse({ cipherSuites: [] }), /cipher suites/],
  ['nothing in it', parseHelloBody(Buffer.alloc(0)), /ends too early/],
  ['nothing behind the random', parseHelloBody(Buffer.alloc(34)), /ends too early/],
  ['nothing behind the session id', parseHelloBody(Buffer.alloc(35)), /cipher suites/],
] as const) {
  test(`a hello with ${name} is refused`, () => {
    assert.ok(!parsed.ok);
    assert.match(parsed.why, why);
  });
}

test('half a cipher suite and no compression method are refused', () => {
  const start = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([0])]);
  const half = parseHelloBody(Buffer.concat([start, vector(2, Buffer.alloc(3)), vector(1, Buffer.alloc(1))]));
  assert.match(half.ok ? '' : half.why, /cipher suites/);
  const none = parseHelloBody(Buffer.concat([start, vector(2, Buffer.alloc(2)), vector(1, Buffer.alloc(0))]));
  assert.match(none.ok ? '' : none.why, /compression/);
});

test('as many protocols as the cap are read', () => {
  const parsed = parse({ alpn: Array<string>(64).fill('h2') });
  assert.ok(parsed.ok);
  assert.equal(parsed.hello.alpn.length, 64);
});
