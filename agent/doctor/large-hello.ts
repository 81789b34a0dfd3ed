// A ClientHello of TLS 1.3 by hand (RFC 8446 section 4.1.2), as long as one with post-quantum key shares: the OpenSSL of an older Node makes none.
// Its length is padding (RFC 7685), so that every server can answer it. Pure, but for the key and the chance that are in every hello.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** X25519MLKEM768's share of 1,216 bytes makes a hello of 1.6 to 1.8 KB. */
export const LARGE_HELLO_BYTES = 1_700;

const EXTENSION = { serverName: 0, groups: 10, signatures: 13, alpn: 16, padding: 21, versions: 43, keyShare: 51 } as const;
const RECORD_AND_HANDSHAKE_HEADER = 5 + 4;
const EXTENSION_HEADER = 4;

/** Null for a host that is an address: it has no server name. */
export function renderLargeHello(serverName: string | null): Buffer {
  const { publicKey } = generateKeyPairSync('x25519');
  const share = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const extensions = [
    ...(serverName === null
      ? []
      : [extension(EXTENSION.serverName, vector(2, Buffer.from([0]), vector(2, Buffer.from(serverName, 'latin1'))))]),
    extension(EXTENSION.groups, vector(2, u16(0x001d), u16(0x0017))),
    // RSA-PSS, RSA and ECDSA with SHA-256: what AWS’s and most other certificates are signed with.
    extension(EXTENSION.signatures, vector(2, u16(0x0804), u16(0x0401), u16(0x0403))),
    extension(EXTENSION.alpn, vector(2, vector(1, Buffer.from('http/1.1', 'latin1')))),
    extension(EXTENSION.versions, vector(1, u16(0x0304))),
    extension(EXTENSION.keyShare, vector(2, u16(0x001d), vector(2, share))),
  ];
  const start = Buffer.concat([
    u16(0x0303),
    randomBytes(32),
    vector(1, randomBytes(32)),
    vector(2, u16(0x1301), u16(0x1302), u16(0x1303)),
    vector(1, Buffer.from([0])),
  ]);
  const known = RECORD_AND_HANDSHAKE_HEADER + start.length + 2 + extensions.reduce((sum, each) => sum + each.length, 0);
  const padding = extension(EXTENSION.padding, Buffer.alloc(LARGE_HELLO_BYTES - known - EXTENSION_HEADER));
  const hello = Buffer.concat([start, vector(2, ...extensions, padding)]);
  const handshake = Buffer.concat([Buffer.from([1]), vector(3, hello)]);
  return Buffer.concat([Buffer.from([0x16, 0x03, 0x01]), vector(2, handshake)]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([u16(type), vector(2, body)]);
}

/** A length of so many bytes, and what it is the length of. */
function vector(lengthBytes: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(body.length, 0, lengthBytes);
  return Buffer.concat([length, body]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
