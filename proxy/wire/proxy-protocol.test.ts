import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { assertEverySplit } from '../test/hostile/splits.ts';
import { type ProxyHeaderStep, readProxyHeader } from './proxy-protocol.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V4 = Buffer.from('c0a80001c0a8000bdc0401bb', 'hex');
const V6 = Buffer.from('20010db800000000000000000000000120010db8000000000000000000000002dc0401bb', 'hex');
const MAPPED = Buffer.from('00000000000000000000ffffc000020100000000000000000000ffffc0000202dc0401bb', 'hex');

function binary(command: number, family: number, payload: Buffer, length = payload.length): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, length >> 8, length & 255]), payload]);
}

function text(line: string): Buffer {
  return Buffer.from(line, 'latin1');
}

function isMore(step: ProxyHeaderStep): boolean {
  return step.kind === 'more';
}

const LONGEST = `ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`;

for (const [name, input, source] of [
  ['TCP4', text('PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n'), { address: '192.168.0.1', port: 56_324 }],
  ['TCP4, port 0', text('PROXY TCP4 192.168.0.1 192.168.0.11 0 0\r\n'), { address: '192.168.0.1', port: 0 }],
  ['TCP6', text('PROXY TCP6 2001:DB8::1 2001:db8::2 56324 443\r\n'), { address: '2001:db8::1', port: 56_324 }],
  ['TCP6, mapped', text('PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 1 2\r\n'), { address: '192.0.2.1', port: 1 }],
  ['TCP6, longest', text(`PROXY TCP6 ${LONGEST} ${LONGEST} 65535 65535\r\n`), { address: LONGEST, port: 65_535 }],
  ['UNKNOWN', text('PROXY UNKNOWN\r\n'), null],
  ['UNKNOWN with anything', text('PROXY UNKNOWN  what ever 1\r\n'), null],
  ['UNKNOWN of 107 octets', text(`PROXY UNKNOWN ${'f'.repeat(107 - 16)}\r\n`), null],
  ['v2 TCP4', binary(0x21, 0x11, V4), { address: '192.168.0.1', port: 56_324 }],
  ['v2 TCP6', binary(0x21, 0x21, V6), { address: '2001:db8::1', port: 56_324 }],
  ['v2 TCP6, mapped', binary(0x21, 0x21, MAPPED), { address: '192.0.2.1', port: 56_324 }],
  [
    'v2 TCP4 with extras',
    binary(0x21, 0x11, Buffer.concat([V4, Buffer.from('0400020000', 'hex')])),
    { address: '192.168.0.1', port: 56_324 },
  ],
  ['v2 LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), null],
  ['v2 LOCAL with addresses', binary(0x20, 0x11, V4), null],
  ['v2 LOCAL, too short for its family', binary(0x20, 0x21, V4), null],
  ['v2 UNSPEC', binary(0x21, 0x00, Buffer.alloc(0)), null],
  ['v2 UDP', binary(0x21, 0x12, V4), null],
  ['v2 UNIX', binary(0x21, 0x31, Buffer.alloc(216)), null],
  ['v2 at its cap', binary(0x21, 0x11, Buffer.concat([V4, Buffer.alloc(524)])), { address: '192.168.0.1', port: 56_324 }],
] as const) {
  test(`${name}: read at every split`, () => {
    assert.deepEqual(readProxyHeader(input), { kind: 'header', source, length: input.length });
    assertEverySplit({ input, reader: () => readProxyHeader, isMore });
  });
}

for (const [name, input, why] of [
  ['no header', text('GET / HTTP/1.1\r\n'), /no PROXY header/],
  ['a TLS record', Buffer.from('160301', 'hex'), /no PROXY header/],
  ['lower case', text('proxy TCP4 '), /no PROXY header/],
  ['a tab', text('PROXY\tTCP4'), /no PROXY header/],
  ['another family', text('PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n'), /not TCP4/],
  ['UDP4', text('PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n'), /not TCP4/],
  ['UNKNOWNX', text('PROXY UNKNOWNX\r\n'), /not TCP4/],
  ['nothing', text('PROXY \r\n'), /not TCP4/],
  ['too few parts', text('PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n'), /not TCP4/],
  ['too many parts', text('PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n'), /not TCP4/],
  ['two spaces', text('PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n'), /not TCP4/],
  ['a trailing space', text('PROXY TCP4 1.1.1.1 1.1.1.1 1 1 \r\n'), /not TCP4/],
  ['999', text('PROXY TCP4 999.1.1.1 1.1.1.1 1 1\r\n'), /of its family/],
  ['an octal octet', text('PROXY TCP4 010.1.1.1 1.1.1.1 1 1\r\n'), /of its family/],
  ['a bad target address', text('PROXY TCP4 1.1.1.1 x 1 1\r\n'), /of its family/],
  ['IPv6 in TCP4', text('PROXY TCP4 ::1 ::1 1 1\r\n'), /of its family/],
  ['IPv4 in TCP6', text('PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n'), /of its family/],
  ['a zone', text('PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n'), /of its family/],
  ['port 65536', text('PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n'), /plain number/],
  ['port 01', text('PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n'), /plain number/],
  ['port +1', text('PROXY TCP4 1.1.1.1 1.1.1.1 1 +1\r\n'), /plain number/],
  ['no port', text('PROXY TCP4 1.1.1.1 1.1.1.1  1\r\n'), /plain number/],
  ['LF alone', text('PROXY TCP4 1.1.1.1 1.1.1.1 1 1\n'), /without CR/],
  ['CR alone', text('PROXY TCP4 1.1.1.1 1.1.1.1 1 1\rG'), /CR without LF/],
  ['NUL', text('PROXY TCP4 1.1.1.1\0'), /no text/],
  ['108 octets', text(`PROXY UNKNOWN ${'f'.repeat(108 - 16)}\r\n`), /no CRLF in 107/],
  ['no line end', text(`PROXY UNKNOWN ${'f'.repeat(107 - 14)}`), /no CRLF in 107/],
  ['v2, version 1', binary(0x11, 0x11, V4), /not version 2/],
  ['v2, version 3', binary(0x31, 0x11, V4), /not version 2/],
  ['v2, another command', binary(0x22, 0x11, V4), /not version 2/],
  ['v2, family 4', binary(0x21, 0x41, V4), /unknown address family/],
  ['v2, transport 3', binary(0x21, 0x13, V4), /unknown address family/],
  ['v2, too short for IPv4', binary(0x21, 0x11, V4.subarray(1)), /too short/],
  ['v2, too short for IPv6', binary(0x21, 0x21, V6.subarray(1)), /too short/],
  ['v2, 64 KiB', Buffer.from('\r\n\r\n\0\r\nQUIT\n!\x11\xff\xff', 'latin1'), /more than 536/],
  ['v2, over its cap', binary(0x21, 0x11, Buffer.alloc(0), 537), /more than 536/],
] as const) {
  test(`${name}: refused`, () => {
    const step = readProxyHeader(input);
    assert.ok(step.kind === 'fault');
    assert.match(step.why, why);
  });
}

test('random bytes never throw, and an answer stays', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(text(''), text('PROXY TCP4 '), SIGNATURE),
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(80),
      (start, list, at) => {
        const bytes = Buffer.concat([start, Buffer.from(list)]);
        const early = readProxyHeader(bytes.subarray(0, at));
        if (early.kind !== 'more') assert.deepEqual(readProxyHeader(bytes), early);
      },
    ),
    { numRuns: 2_000 },
  );
});
