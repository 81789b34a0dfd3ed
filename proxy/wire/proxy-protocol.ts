// The PROXY protocol's header, version 1 (text) and 2 (binary), by HAProxy's proxy-protocol.txt. Who may send one is the caller's
// business; here a header is whole and exact, or not yet whole, or a fault.

import type { SocketAddress } from '../core/address.ts';
import { unmapped } from '../core/address.ts';
import { DIGIT, isAllOf } from './ascii.ts';
import { u16 } from './hello-records.ts';
import { isIpv4Text, parseIpv6, renderIpv6 } from './ip-text.ts';
import { matchingLength, PROXY_V1_PREFIX, PROXY_V2_SIGNATURE } from './sniff.ts';

/** `source` is null for LOCAL and UNKNOWN: the connection's own address counts then. */
export type ProxyHeaderStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'header'; readonly source: SocketAddress | null; readonly length: number }
  | { readonly kind: 'fault'; readonly why: string };

/** Section 2.1: the longest legal line with its CRLF. */
const V1_LENGTH_MAX = 107;
/** Signature, command, family and length. */
const V2_FIXED_LENGTH = 16;
/** Section 2: the header fits the smallest segment that every host takes; addresses and what load balancers add are far below. */
const V2_PAYLOAD_MAX = 536;
/** Section 2.2: octets of both addresses and both ports. */
const INET_LENGTH = 12;
const INET6_LENGTH = 36;

const MORE: ProxyHeaderStep = { kind: 'more' };
const LF = 0x0a;
const CR = 0x0d;

function fault(why: string): ProxyHeaderStep {
  return { kind: 'fault', why };
}

export function readProxyHeader(bytes: Buffer): ProxyHeaderStep {
  const text = matchingLength(bytes, PROXY_V1_PREFIX);
  if (text === PROXY_V1_PREFIX.length) return readText(bytes);
  const binary = matchingLength(bytes, PROXY_V2_SIGNATURE);
  if (binary === PROXY_V2_SIGNATURE.length) return readBinary(bytes);
  return text === bytes.length || binary === bytes.length ? MORE : fault('no PROXY header');
}

function readText(bytes: Buffer): ProxyHeaderStep {
  const end = Math.min(bytes.length, V1_LENGTH_MAX);
  for (let at = PROXY_V1_PREFIX.length; at < end; at++) {
    const octet = bytes[at] as number;
    if (octet === LF)
      return bytes[at - 1] === CR ? readLine(bytes.toString('latin1', 0, at - 1), at + 1) : fault('a line that ends without CR');
    if (bytes[at - 1] === CR) return fault('CR without LF');
    if (octet !== CR && (octet < 0x20 || octet > 0x7e)) return fault('an octet that is no text');
  }
  return end === V1_LENGTH_MAX ? fault(`no CRLF in ${V1_LENGTH_MAX} octets`) : MORE;
}

function readLine(line: string, length: number): ProxyHeaderStep {
  const parts = line.split(' ');
  const [, family, source = '', target = '', sourcePort = '', targetPort = ''] = parts;
  // Section 2.1: whatever stands behind UNKNOWN is ignored.
  if (family === 'UNKNOWN') return { kind: 'header', source: null, length };
  if (parts.length !== 6 || (family !== 'TCP4' && family !== 'TCP6'))
    return fault('not TCP4, TCP6 or UNKNOWN with two addresses and two ports');
  const read = family === 'TCP4' ? readIpv4 : readIpv6;
  const address = read(source);
  if (address === null || read(target) === null) return fault('an address that is not of its family');
  if (!isPort(sourcePort) || !isPort(targetPort)) return fault('a port that is no plain number up to 65535');
  return { kind: 'header', source: { address, port: Number(sourcePort) }, length };
}

function readIpv4(text: string): string | null {
  return isIpv4Text(text) ? text : null;
}

function readIpv6(text: string): string | null {
  const groups = parseIpv6(text);
  return groups && unmapped(renderIpv6(groups));
}

function isPort(text: string): boolean {
  if (text.length < 1 || text.length > 5 || !isAllOf(text, 0, text.length, DIGIT)) return false;
  return (text === '0' || !text.startsWith('0')) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer): ProxyHeaderStep {
  const [command, transport] = [bytes[12], bytes[13]];
  if (command !== undefined && command !== 0x20 && command !== 0x21) return fault('not version 2 with LOCAL or PROXY');
  // Families UNSPEC, INET, INET6, UNIX; transports UNSPEC, STREAM, DGRAM. A receiver must refuse all others.
  if (transport !== undefined && (transport >> 4 > 3 || (transport & 15) > 2)) return fault('an unknown address family or transport');
  if (bytes.length < V2_FIXED_LENGTH) return MORE;
  const payload = u16(bytes, 14);
  if (payload > V2_PAYLOAD_MAX) return fault(`more than ${V2_PAYLOAD_MAX} octets of addresses and extras`);
  // LOCAL: whatever it carries is skipped.
  const family = command === 0x21 ? transport : 0;
  if ((family === 0x11 && payload < INET_LENGTH) || (family === 0x21 && payload < INET6_LENGTH))
    return fault('too short for its addresses');
  const length = V2_FIXED_LENGTH + payload;
  return bytes.length < length ? MORE : { kind: 'header', source: binarySource(bytes, family), length };
}

/** TCP over IPv4 and IPv6; a receiver takes every other combination for "unspecified" (section 2.2). */
function binarySource(bytes: Buffer, family: number | undefined): SocketAddress | null {
  const at = V2_FIXED_LENGTH;
  if (family === 0x11) return { address: bytes.subarray(at, at + 4).join('.'), port: u16(bytes, at + 8) };
  if (family !== 0x21) return null;
  const groups = Array.from({ length: 8 }, (_, index) => u16(bytes, at + index * 2));
  return { address: unmapped(renderIpv6(groups)), port: u16(bytes, at + 32) };
}
