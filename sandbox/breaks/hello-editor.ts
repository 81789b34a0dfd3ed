// Takes an extension out of a ClientHello, as a box does that "cleans" what it does not know. Pure. RFC 8446 section 4.1.2.

export const SERVER_NAME = 0;
export const ALPN = 16;

/** Whether these bytes begin with a ClientHello. */
export function isHello(bytes: Buffer): boolean {
  return bytes[0] === 0x16 && bytes[5] === 0x01;
}

/** One whole record comes in, with whatever is behind it; nothing else is changed. */
export function withoutExtension(bytes: Buffer, type: number): Buffer {
  const recordEnd = 5 + bytes.readUInt16BE(3);
  // Record, handshake header, legacy version and random.
  let at = 5 + 4 + 2 + 32;
  at += 1 + bytes.readUInt8(at); // legacy_session_id
  at += 2 + bytes.readUInt16BE(at); // cipher_suites
  at += 1 + bytes.readUInt8(at); // legacy_compression_methods
  const kept: Buffer[] = [];
  for (let next = at + 2; next < recordEnd;) {
    const end = next + 4 + bytes.readUInt16BE(next + 2);
    if (bytes.readUInt16BE(next) !== type) kept.push(bytes.subarray(next, end));
    next = end;
  }
  const extensions = Buffer.concat(kept);
  const hello = Buffer.concat([bytes.subarray(9, at), uint(extensions.length, 2), extensions]);
  const handshake = Buffer.concat([Buffer.from([0x01]), uint(hello.length, 3), hello]);
  return Buffer.concat([bytes.subarray(0, 3), uint(handshake.length, 2), handshake, bytes.subarray(recordEnd)]);
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
