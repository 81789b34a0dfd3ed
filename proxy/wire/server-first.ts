// Is the upstream's first message a HelloRetryRequest? Only then will a second ClientHello come in clear, and only that is acted on:
// whatever else the upstream says first is passed on unread.

import { HANDSHAKE_RECORD, RECORD_HEADER_LENGTH, RECORD_PAYLOAD_MAX, TLS_MAJOR, u16 } from './hello-records.ts';

export type ServerFirst = 'more' | 'hello-retry' | 'other';

const SERVER_HELLO = 2;
/** RFC 8446 section 4.1.3: a HelloRetryRequest is a ServerHello with this random, the SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
/** Message header (four octets) and legacy version (two) stand before the random. */
const RANDOM_AT = 6;
const DECIDED_AT = RANDOM_AT + RETRY_RANDOM.length;

/** `bytes` are all received from the upstream so far. */
export function readServerFirst(bytes: Buffer): ServerFirst {
  let at = 0;
  let seen = 0;
  // Every record brings an octet at least, and 38 octets decide: no further bound is needed.
  for (;;) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return 'other';
    if (at + 1 < bytes.length && bytes[at + 1] !== TLS_MAJOR) return 'other';
    if (at + RECORD_HEADER_LENGTH > bytes.length) return 'more';
    const payload = u16(bytes, at + 3);
    if (payload === 0 || payload > RECORD_PAYLOAD_MAX) return 'other';
    const recordEnd = at + RECORD_HEADER_LENGTH + payload;
    const end = Math.min(recordEnd, bytes.length);
    for (let next = at + RECORD_HEADER_LENGTH; next < end; next++) {
      if (!fits(bytes[next] as number, seen)) return 'other';
      seen++;
      if (seen === DECIDED_AT) return 'hello-retry';
    }
    if (recordEnd > bytes.length) return 'more';
    at = recordEnd;
  }
}

/** Whether a HelloRetryRequest may have this octet at this place of its message. */
function fits(octet: number, index: number): boolean {
  if (index === 0) return octet === SERVER_HELLO;
  // Of the three octets of length the first is 0: a HelloRetryRequest of 64 KiB or more is none we know.
  if (index === 1) return octet === 0;
  if (index < 4) return true;
  return index < RANDOM_AT ? octet === TLS_MAJOR : octet === RETRY_RANDOM[index - RANDOM_AT];
}
