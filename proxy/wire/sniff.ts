// Which protocol begins here, by the first bytes alone. Looks, never takes.

import { isOf, LETTER } from './ascii.ts';

export type FirstBytes = 'http' | 'tls' | 'proxy' | 'unknown' | 'more';

/** The PROXY protocol, version 1 and version 2 (proxy-protocol.txt sections 2.1 and 2.2). */
export const PROXY_V1_PREFIX: Buffer = Buffer.from('PROXY ', 'latin1');
export const PROXY_V2_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR = 0x03;
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

export function sniff(bytes: Buffer): FirstBytes {
  const first = bytes[0];
  if (first === undefined) return 'more';
  if (first === TLS_HANDSHAKE && bytes.length === 1) return 'more';
  if (first === TLS_HANDSHAKE) return bytes[1] === TLS_MAJOR ? 'tls' : 'unknown';
  if (first === CR) return afterReturn(bytes);
  if (isOf(first, LETTER)) {
    const matching = matchingLength(bytes, PROXY_V1_PREFIX);
    if (matching === PROXY_V1_PREFIX.length) return 'proxy';
    return matching === bytes.length ? 'more' : 'http';
  }
  // White space in front of a request is an HTTP client's mistake: it gets a 400 from the head reader and not a silent close.
  return first === SPACE || first === HTAB || first === LF ? 'http' : 'unknown';
}

/** How many of the first bytes are those of `prefix`. */
export function matchingLength(bytes: Buffer, prefix: Buffer): number {
  const end = Math.min(bytes.length, prefix.length);
  let at = 0;
  while (at < end && bytes[at] === prefix[at]) at++;
  return at;
}

// An empty line may stand before a request (RFC 9112 section 2.2), and two of them begin the signature of PROXY v2.
function afterReturn(bytes: Buffer): FirstBytes {
  const matching = matchingLength(bytes, PROXY_V2_SIGNATURE);
  if (matching === PROXY_V2_SIGNATURE.length) return 'proxy';
  if (matching === bytes.length) return 'more';
  const next = bytes[matching] ?? 0;
  // A NUL follows the two empty lines of the signature: whoever sent that does not speak HTTP.
  const isText = isOf(next, LETTER) || next === SPACE || next === HTAB || next === CR || next === LF;
  return matching <= 4 && isText ? 'http' : 'unknown';
}
