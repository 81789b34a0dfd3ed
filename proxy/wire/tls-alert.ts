// The refusal that a TLS client understands before any handshake with us, and inside a tunnel after the 200.

/** Alert record, TLS 1.2 record version, two octets: fatal, unrecognized_name (RFC 8446 section 6.2, RFC 6066 section 3). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);

export function unrecognizedName(): Buffer {
  return UNRECOGNIZED_NAME;
}
