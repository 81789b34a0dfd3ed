// TLS records to the one handshake message that a client begins with. A message may be spread over records (RFC 8446 section 5.1):
// whoever reads only the first record sees no name in it and routes by default (CVE-2026-32305), so it is put together here.

import { HELLO_BYTES_MAX, HELLO_RECORDS_MAX } from '../core/limits.ts';

export const RECORD_HEADER_LENGTH = 5;
/** RFC 8446 section 5.1: a fragment is at most 2^14 octets in clear. */
export const RECORD_PAYLOAD_MAX = 16_384;
export const HANDSHAKE_RECORD = 22;
export const TLS_MAJOR = 3;
/** Type and three octets of length in front of every handshake message. */
const MESSAGE_HEADER_LENGTH = 4;
const CLIENT_HELLO = 1;

/** `body` is without its header and may be memory of the bytes given; `length` is that of whole records, from `start`. */
export type MessageStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'message'; readonly body: Buffer; readonly length: number }
  | { readonly kind: 'fault'; readonly why: string };

const TOO_LONG = `the hello is longer than ${HELLO_BYTES_MAX} octets`;
const MORE: MessageStep = { kind: 'more' };

function fault(why: string): MessageStep {
  return { kind: 'fault', why };
}

export function u16(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/**
 * Reads a ClientHello's octets out of whole records, beginning with the record header at `start`. Looks only at record headers until
 * the message is whole, so that asking again for every octet that comes in costs at most one step per record each time.
 */
export function readHelloMessage(bytes: Buffer, start: number): MessageStep {
  let at = start;
  let gathered = 0;
  let message: MessageHeader = NOTHING_SEEN;
  for (let records = 1; ; records++) {
    const why = faultInHeader(bytes, at, start);
    if (why !== null) return fault(why);
    if (at + RECORD_HEADER_LENGTH > bytes.length) return MORE;
    const payload = u16(bytes, at + 3);
    const recordEnd = at + RECORD_HEADER_LENGTH + payload;
    gathered += payload;
    if (message.length === null) message = seeMessageHeader(bytes, at + RECORD_HEADER_LENGTH, recordEnd, message);
    if (message.why !== null) return fault(message.why);
    // RFC 8446 section 5.1: nothing may follow a ClientHello in its record, since keys may change behind it.
    if (message.length !== null && gathered > message.length) return fault('octets behind the hello in its record');
    if (recordEnd > bytes.length) return MORE;
    if (gathered === message.length) return { kind: 'message', body: joined(bytes, start, recordEnd), length: recordEnd - start };
    if (records === HELLO_RECORDS_MAX) return fault(`the hello is spread over more than ${HELLO_RECORDS_MAX} records`);
    at = recordEnd;
  }
}

/** Judges as much of a record header as is there. */
function faultInHeader(bytes: Buffer, at: number, start: number): string | null {
  // One more record takes its header and one octet at least.
  if (at + RECORD_HEADER_LENGTH + 1 - start > HELLO_BYTES_MAX) return TOO_LONG;
  if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return 'a record that is no handshake record';
  if (at + 1 < bytes.length && bytes[at + 1] !== TLS_MAJOR) return 'a record version that is not 3.x';
  if (at + RECORD_HEADER_LENGTH > bytes.length) return null;
  const payload = u16(bytes, at + 3);
  if (payload === 0) return 'a record without content';
  if (payload > RECORD_PAYLOAD_MAX) return 'a record longer than TLS allows';
  if (at + RECORD_HEADER_LENGTH + payload - start > HELLO_BYTES_MAX) return TOO_LONG;
  return null;
}

interface MessageHeader {
  /** How many of its octets were there, and their value. */
  readonly seen: number;
  readonly value: number;
  /** Of the message with its header; null while that is not known. */
  readonly length: number | null;
  readonly why: string | null;
}

const NOTHING_SEEN: MessageHeader = { seen: 0, value: 0, length: null, why: null };

/** Goes on with the message's header in the record whose content begins at `from`; the header may be spread over records too. */
function seeMessageHeader(bytes: Buffer, from: number, recordEnd: number, before: MessageHeader): MessageHeader {
  const end = Math.min(recordEnd, bytes.length);
  let { seen, value } = before;
  for (let at = from; seen < MESSAGE_HEADER_LENGTH && at < end; at++) {
    const octet = bytes[at] as number;
    if (seen === 0 && octet !== CLIENT_HELLO) return { ...before, why: 'a handshake message that is no ClientHello' };
    value = seen === 0 ? 0 : value * 256 + octet;
    seen++;
  }
  const length = seen === MESSAGE_HEADER_LENGTH ? MESSAGE_HEADER_LENGTH + value : null;
  const isTooLong = length !== null && length + RECORD_HEADER_LENGTH > HELLO_BYTES_MAX;
  return { seen, value, length, why: isTooLong ? TOO_LONG : null };
}

function joined(bytes: Buffer, start: number, end: number): Buffer {
  const first = start + RECORD_HEADER_LENGTH;
  const firstEnd = first + u16(bytes, start + 3);
  if (firstEnd === end) return bytes.subarray(first + MESSAGE_HEADER_LENGTH, end);
  const parts: Buffer[] = [];
  for (let at = start; at < end;) {
    const next = at + RECORD_HEADER_LENGTH + u16(bytes, at + 3);
    parts.push(bytes.subarray(at + RECORD_HEADER_LENGTH, next));
    at = next;
  }
  return Buffer.concat(parts).subarray(MESSAGE_HEADER_LENGTH);
}
