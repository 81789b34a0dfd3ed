/** RFC 4648 section 6. */
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 'latin1');
const LENGTH = 20;

/** Twenty characters of base32: 100 random bits, said in a record, in `Pinhole-Request` and over the telephone. */
export function createIdSource(randomBytes: (count: number) => Buffer): () => string {
  let pool = randomBytes(0);
  let used = 0;
  return () => {
    if (used + LENGTH > pool.length) {
      pool = randomBytes(LENGTH * 256).map((byte) => ALPHABET[byte & 31] ?? 0) as Buffer;
      used = 0;
    }
    used += LENGTH;
    // In one piece: a string that grows by a character is kept as the chain of its beginnings, ten times as large.
    return pool.toString('latin1', used - LENGTH, used);
  };
}
