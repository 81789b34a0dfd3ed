// HalfSipHash-2-4 with a 64-bit result: a keyed hash on 32-bit words. Strangers choose the addresses that we count, so without the key
// they must not be able to choose the cell that an address falls into.
// Aumasson and Bernstein, "SipHash: a fast short-input PRF"; the half variant is the one Linux uses for its hash tables.

export interface HashKey {
  readonly k0: number;
  readonly k1: number;
}

/** Two unsigned 32-bit words of one keyed hash of an ASCII text; written into `out` so that the hot path allocates nothing. */
export function halfSipHash(key: HashKey, text: string, out: Uint32Array): void {
  let v0 = key.k0;
  let v1 = key.k1 ^ 0xee; // the mark of the 64-bit variant
  let v2 = 0x6c796765 ^ key.k0;
  let v3 = 0x74656462 ^ key.k1;

  // The message's words with two rounds each, then the two halves of the result with four rounds each.
  const words = (text.length >>> 2) + 1;
  for (let at = 0; at < words + 2; at += 1) {
    const half = at - words;
    const word = half < 0 ? wordAt(text, at) : 0;
    if (half < 0) v3 ^= word;
    else if (half === 0) v2 ^= 0xee;
    else v1 ^= 0xdd;

    for (let round = half < 0 ? 2 : 4; round > 0; round -= 1) {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    }

    if (half < 0) v0 ^= word;
    else out[half] = v1 ^ v3;
  }
}

/** Four bytes, lowest first; the last word has the text's length as its highest byte. */
function wordAt(text: string, index: number): number {
  let word = 0;
  const from = index * 4;
  const to = Math.min(text.length, from + 4);
  for (let at = from; at < to; at += 1) word |= (text.charCodeAt(at) & 0xff) << (8 * (at - from));
  return to - from === 4 ? word : word | (text.length << 24);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
