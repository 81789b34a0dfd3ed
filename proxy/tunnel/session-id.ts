/** RFC 4648 section 6. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LENGTH = 20;

/** Twenty characters of base32: 100 random bits, said in a record, in `Pinhole-Request` and over the telephone. */
export function createIdSource(randomBytes: (count: number) => Buffer): () => string {
  let pool = randomBytes(0);
  let used = 0;
  return () => {
    if (used + LENGTH > pool.length) {
      pool = randomBytes(LENGTH * 256);
      used = 0;
    }
    let id = '';
    for (let index = 0; index < LENGTH; index += 1) id += ALPHABET.charAt((pool[used + index] ?? 0) & 31);
    used += LENGTH;
    return id;
  };
}
