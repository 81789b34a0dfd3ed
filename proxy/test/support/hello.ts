// ClientHellos made by hand, for what no TLS library would send.

export interface HelloParts {
  readonly sni?: string | null;
  readonly alpn?: readonly string[];
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([u16(type), u16(body.length), body]);
}

/** One whole ClientHello in one TLS record. */
export function makeHello({ sni = null, alpn = [] }: HelloParts): Buffer {
  const extensions: Buffer[] = [];
  if (sni !== null) {
    const name = Buffer.from(sni, 'latin1');
    const entry = Buffer.concat([Buffer.of(0), u16(name.length), name]);
    extensions.push(extension(0, Buffer.concat([u16(entry.length), entry])));
  }
  if (alpn.length > 0) {
    const names = Buffer.concat(alpn.map((protocol) => Buffer.concat([Buffer.of(protocol.length), Buffer.from(protocol, 'latin1')])));
    extensions.push(extension(16, Buffer.concat([u16(names.length), names])));
  }
  extensions.push(extension(43, Buffer.of(4, 3, 4, 3, 3)));
  const block = Buffer.concat(extensions);
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.of(0),
    u16(2),
    u16(0x1301),
    Buffer.of(1, 0),
    u16(block.length),
    block,
  ]);
  const message = Buffer.concat([Buffer.of(1, body.length >> 16), u16(body.length & 0xffff), body]);
  return record(22, message);
}

export function record(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, 3, 3), u16(body.length), body]);
}

/** A HelloRetryRequest: a ServerHello with the fixed random of RFC 8446 section 4.1.3. */
export function makeHelloRetryRequest(): Buffer {
  const random = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
  const extensions = extension(43, u16(0x0304));
  const body = Buffer.concat([u16(0x0303), random, Buffer.of(0), u16(0x1301), Buffer.of(0), u16(extensions.length), extensions]);
  return record(22, Buffer.concat([Buffer.of(2, body.length >> 16), u16(body.length & 0xffff), body]));
}

/** The alert that every refusal inside TLS is. */
export const UNRECOGNIZED_NAME = Buffer.from('15030300020270', 'hex');
