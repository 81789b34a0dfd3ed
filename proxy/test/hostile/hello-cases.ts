// The ClientHellos of the same families as the rows, which no text can carry: each is built here, read by the parser alone in one suite and
// sent to a real node in another.

import { CREDENTIALS, DATA } from './fixture.ts';
import {
  extension,
  extensionsOf,
  GREASE,
  handshake,
  hello,
  helloBody,
  helloMessage,
  type HelloPlan,
  paddedMessage,
  record,
  records,
  serverNames,
  vector,
} from './hello-bytes.ts';

function withExtensions(extensions: Buffer): Buffer {
  return records(handshake(1, helloBody({}, extensions)));
}

function greased(): HelloPlan {
  return {
    sni: DATA,
    alpn: ['\x0a\x0a', 'mqtt'],
    versions: [GREASE, 0x0304, 0x0303],
    cipherSuites: [GREASE, 0x1301],
    extra: [
      [GREASE, Buffer.alloc(0)],
      [10, vector(2, Buffer.from([0x1a, 0x1a, 0, 29]))],
      [0xfafa, Buffer.from([0])],
    ],
  };
}

export const REFUSED = 'refused';
export const EARLY_DATA = record(23, Buffer.alloc(500, 1), 0x0303);

export interface HelloCase {
  readonly id: string;
  readonly what: string;
  readonly bytes: Buffer;
  /** What a list would be asked for: a name, nobody, or nothing since the hello is refused as it stands. */
  readonly named: string | null | typeof REFUSED;
}

const TABLE = [
  ['SN-002', 'the credential endpoint', hello({ sni: CREDENTIALS }), CREDENTIALS],
  ['SN-003', 'capitals', hello({ sni: DATA.toUpperCase() }), DATA],
  ['SN-009', 'an IPv6 literal', hello({ sni: '[::1]' }), '::1'],
  ['SN-011', 'no name', hello({}), null],
  ['SN-012', 'NUL in the name', hello({ sni: `${DATA}\0.evil.test` }), REFUSED],
  ['SN-013', 'CRLF in the name', hello({ sni: `${DATA}\r\nfake-log-line` }), REFUSED],
  ['SN-014', 'a name that is not ASCII', hello({ sni: '\xff\xfe' }), REFUSED],
  ['SN-015', 'a name of 256 octets', hello({ sni: 'a'.repeat(256) }), REFUSED],
  ['SN-016', 'a name of 60 kB', hello({ sni: 'a'.repeat(60_000) }), REFUSED],
  [
    'SN-021',
    'two names',
    hello({
      names: [
        [0, 'evil.test'],
        [0, DATA],
      ],
    }),
    REFUSED,
  ],
  [
    'SN-022',
    'server_name twice',
    withExtensions(vector(2, Buffer.concat([extension(0, serverNames([[0, DATA]])), extension(0, serverNames([[0, 'evil.test']]))]))),
    REFUSED,
  ],
  ['SN-023', 'an unknown type of name', hello({ names: [[1, DATA]] }), REFUSED],
  [
    'SN-024',
    'a second name of an unknown type',
    hello({
      names: [
        [0, DATA],
        [9, 'opaque'],
      ],
    }),
    REFUSED,
  ],
  ['SN-026', 'a terminal escape', hello({ sni: `a\x1b[31m.${DATA}` }), REFUSED],
  ['SN-027', 'BEL', hello({ sni: `a\x07.${DATA}` }), REFUSED],
  [
    'SN-028',
    'a list longer than its extension',
    withExtensions(vector(2, extension(0, vector(2, serverNames([[0, DATA]]).subarray(2), 9)))),
    REFUSED,
  ],
  ['SN-030', 'extensions longer than the message', withExtensions(vector(2, extensionsOf({ sni: DATA }), 9)), REFUSED],
  ['SN-033', 'a message shorter than its content', records(helloMessage({ sni: DATA }, -9)), REFUSED],
  ['SN-034', 'no extensions', hello({ extensions: false }), null],
  ['SN-037', 'two records', records(helloMessage({ sni: DATA }), 100), DATA],
  ['SN-038', 'one octet a record', records(helloMessage({ sni: DATA }), 1), REFUSED],
  [
    'SN-041',
    'an alert between fragments',
    Buffer.concat([
      records(helloMessage({ sni: DATA }).subarray(0, 60)),
      record(21, Buffer.from([1, 0])),
      records(helloMessage({ sni: DATA }).subarray(60)),
    ]),
    REFUSED,
  ],
  [
    'SN-042',
    'a post-quantum key share',
    hello({ sni: DATA, extra: [[51, vector(2, Buffer.concat([Buffer.from([0x11, 0xec]), vector(2, Buffer.alloc(1_216, 5))]))]] }),
    DATA,
  ],
  ['SN-043', 'padding to 16 KiB', records(paddedMessage({ sni: DATA }, 16_384)), DATA],
  ['SN-045', 'GREASE everywhere', hello(greased()), DATA],
  ['SN-046', 'GREASE ECH', hello({ sni: DATA, extra: [[0xfe0d, Buffer.alloc(186, 4)]] }), DATA],
  ['SN-047', 'ECH behind another name', hello({ sni: 'cloud-front.test', extra: [[0xfe0d, Buffer.alloc(186, 4)]] }), 'cloud-front.test'],
  ['SN-049', 'h2 and http/1.1', hello({ sni: DATA, alpn: ['h2', 'http/1.1'] }), DATA],
  ['SN-052', 'data behind it in the same segment', Buffer.concat([hello({ sni: DATA }), EARLY_DATA]), DATA],
  ['SN-053', 'TLS 1.0 at most', hello({ sni: DATA, versions: null, legacyVersion: 0x0301 }), REFUSED],
  ['SN-055', 'record version 0x0504', record(22, helloMessage({ sni: DATA }), 0x0504), REFUSED],
  ['SN-067', 'plain HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), REFUSED],
  ['SN-069', 'SSH', Buffer.from('SSH-2.0-x\r\n'), REFUSED],
  ['SN-070', 'SSLv2', Buffer.from('\x80.\x01\0\x02\0\x15\0\0\0\x10', 'latin1'), REFUSED],
] as const;

export const HELLO_CASES: readonly HelloCase[] = TABLE.map(([id, what, bytes, named]) => ({ id, what, bytes, named }));
