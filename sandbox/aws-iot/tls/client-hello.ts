/**
 * The first bytes of a TLS connection -> the name and the protocols asked for. Pure. Needed before the handshake, because
 * AWS asks for a client certificate or not by the ALPN, and refuses a wrong name with an alert.
 * RFC 8446 sections 4.1.2 and 5.1; RFC 6066 section 3 (server name); RFC 7301 section 3.1 (ALPN).
 */

export interface ClientHello {
  readonly kind: 'hello';
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
}

export type HelloResult = ClientHello | { readonly kind: 'more' } | { readonly kind: 'malformed' };

/** A hello with post-quantum keys takes 1.7 KB; nothing sane comes near this. */
export const HELLO_BYTES_MAX = 16_384;

const MORE: HelloResult = { kind: 'more' };
const MALFORMED: HelloResult = { kind: 'malformed' };

const RECORD_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const NAME_TYPE_HOST = 0;

export function parseClientHello(bytes: Buffer): HelloResult {
  const handshake = joinRecords(bytes);
  if (handshake === undefined) return MALFORMED;
  if (handshake.length > 0 && handshake[0] !== HANDSHAKE_CLIENT_HELLO) return MALFORMED;
  if (handshake.length < 4) return bytes.length < HELLO_BYTES_MAX ? MORE : MALFORMED;
  const length = handshake.readUIntBE(1, 3);
  if (length > HELLO_BYTES_MAX) return MALFORMED;
  // Records of a few bytes each are lawful and cost six times the hello; beyond that somebody is playing.
  if (handshake.length < 4 + length) return bytes.length < HELLO_BYTES_MAX * 6 ? MORE : MALFORMED;
  try {
    return readHello(new Reader(handshake.subarray(4, 4 + length)));
  } catch (error) {
    if (error instanceof RangeError) return MALFORMED;
    throw error;
  }
}

/** A handshake message may be spread over records (RFC 8446 section 5.1). undefined where a record is not of the handshake. */
function joinRecords(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== RECORD_HANDSHAKE) return undefined;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + 5 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > HELLO_BYTES_MAX) return undefined;
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(parts);
}

function readHello(reader: Reader): ClientHello {
  reader.skip(2 + 32); // legacy_version, random
  reader.vector(1); // legacy_session_id
  reader.vector(2); // cipher_suites
  reader.vector(1); // legacy_compression_methods
  let serverName: string | undefined;
  const alpn: string[] = [];
  const extensions = reader.isAtEnd() ? reader : reader.vector(2);
  while (!extensions.isAtEnd()) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type === EXTENSION_SERVER_NAME) serverName = readServerName(body);
    if (type === EXTENSION_ALPN) {
      const protocols = body.vector(2);
      while (!protocols.isAtEnd()) alpn.push(protocols.vector(1).text());
    }
  }
  return { kind: 'hello', serverName, alpn };
}

function readServerName(body: Reader): string | undefined {
  const names = body.vector(2);
  while (!names.isAtEnd()) {
    const type = names.number(1);
    const name = names.vector(2).text();
    if (type === NAME_TYPE_HOST) return name.toLowerCase();
  }
  return undefined;
}

/** Reads in order; a RangeError where the bytes end too early. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new RangeError('the hello ends too early');
  }

  number(size: 1 | 2): number {
    this.skip(size);
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  vector(lengthSize: 1 | 2): Reader {
    const length = this.number(lengthSize);
    this.skip(length);
    return new Reader(this.#bytes.subarray(this.#at - length, this.#at));
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at);
  }
}
