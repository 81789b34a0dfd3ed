// The ClientHello that a connection, a tunnel, or the answer to a HelloRetryRequest begins with (RFC 8446 section 4.1.2): whose name
// it asks for and which protocols it offers. What can be read two ways is a fault, never a guess.

import type { FaultCode } from '../core/fault.ts';
import { EARLY_DATA_BYTES_MAX } from '../core/limits.ts';
import { type ClientHello, parseHelloBody } from './hello-body.ts';
import { HANDSHAKE_RECORD, readHelloMessage, RECORD_HEADER_LENGTH, RECORD_PAYLOAD_MAX, TLS_MAJOR, u16 } from './hello-records.ts';

export type { ClientHello } from './hello-body.ts';

/** `length` is in octets of whole records; what follows belongs to the client's next flight. */
export type HelloStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'hello'; readonly hello: ClientHello; readonly length: number }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly why: string };

const CHANGE_CIPHER_SPEC_RECORD = 20;
const APPLICATION_DATA_RECORD = 23;
/** RFC 8446 section 5.2: an encrypted record may be 256 octets longer. */
const ENCRYPTED_PAYLOAD_MAX = RECORD_PAYLOAD_MAX + 256;
/**
 * Records between the two hellos. Early data of 64 KiB fits four whole records; the rest is room for small ones. Without a bound,
 * empty ones sent octet by octet would be walked again and again.
 */
const SKIPPED_RECORDS_MAX = 256;

const MORE: HelloStep = { kind: 'more' };

function fault(why: string): HelloStep {
  return { kind: 'fault', code: 'HELLO_MALFORMED', why };
}

/** Reads the hello at the beginning of `bytes`, which are all received so far: the same, longer bytes may be given again. */
export function readClientHello(bytes: Buffer): HelloStep {
  return readHelloAt(bytes, 0);
}

/**
 * Reads the hello that answers a HelloRetryRequest. ChangeCipherSpec records may stand before it (RFC 8446 appendix D.4), and early
 * data that the client sent before it knew (section 4.2.10); `length` counts both.
 */
export function readSecondHello(bytes: Buffer): HelloStep {
  let at = 0;
  for (let skipped = 0; at < bytes.length && bytes[at] !== HANDSHAKE_RECORD; skipped++) {
    const why = faultInSkipped(bytes, at);
    if (why !== null) return fault(why);
    if (skipped === SKIPPED_RECORDS_MAX) return fault(`more than ${SKIPPED_RECORDS_MAX} records before the second hello`);
    if (at + RECORD_HEADER_LENGTH > bytes.length) return MORE;
    const recordEnd = at + RECORD_HEADER_LENGTH + u16(bytes, at + 3);
    if (recordEnd > EARLY_DATA_BYTES_MAX) return fault(`more than ${EARLY_DATA_BYTES_MAX} octets before the second hello`);
    at = recordEnd;
  }
  return at < bytes.length ? readHelloAt(bytes, at) : MORE;
}

function readHelloAt(bytes: Buffer, start: number): HelloStep {
  const step = readHelloMessage(bytes, start);
  if (step.kind === 'more') return MORE;
  if (step.kind === 'fault') return fault(step.why);
  const parsed = parseHelloBody(step.body);
  return parsed.ok ? { kind: 'hello', hello: parsed.hello, length: start + step.length } : fault(parsed.why);
}

/** Judges as much of a record that may stand before the second hello as is there. */
function faultInSkipped(bytes: Buffer, at: number): string | null {
  const type = bytes[at];
  if (type !== CHANGE_CIPHER_SPEC_RECORD && type !== APPLICATION_DATA_RECORD) return 'a record that may not stand before the second hello';
  if (at + 1 < bytes.length && bytes[at + 1] !== TLS_MAJOR) return 'a record version that is not 3.x';
  if (at + RECORD_HEADER_LENGTH > bytes.length) return null;
  const payload = u16(bytes, at + 3);
  if (type === APPLICATION_DATA_RECORD)
    return payload < 1 || payload > ENCRYPTED_PAYLOAD_MAX ? 'a record of a length TLS does not allow' : null;
  const content = bytes[at + RECORD_HEADER_LENGTH] ?? 1;
  return payload === 1 && content === 1 ? null : 'a ChangeCipherSpec that is not the single octet 1';
}
