// The digests of all tenants' tokens, in one piece of memory: ten thousand tenants are no more objects to visit than one. To compare takes as long
// for a right token as for a wrong one, for one token as for two, and for a tenant that does not exist.

import { hash, timingSafeEqual } from 'node:crypto';

const DIGEST_WORDS = 8;
/** A tenant has at most two, and so many are compared whatever it has. */
const COMPARED = 2;
const PLACE_WORDS = COMPARED * DIGEST_WORDS;

/** Whose digests are all zero: no token is known that has such a one. */
export const NO_TOKENS = 0;

export class TokenDigests {
  #words = new Int32Array(64 * PLACE_WORDS);
  #places = 1;
  /** What is compared is copied here: to look at a part of the whole would be an object for each. */
  readonly #own = new Int32Array(DIGEST_WORDS);

  /** SHA-256 in hex, two at most. Returns the place to ask for. */
  add(digests: readonly string[]): number {
    if (digests.length === 0) return NO_TOKENS;
    const place = this.#places;
    this.#places += 1;
    this.#makeRoom(this.#places * PLACE_WORDS);
    for (const [index, digest] of digests.entries()) {
      const bytes = Buffer.from(digest, 'hex');
      for (let word = 0; word < DIGEST_WORDS; word += 1)
        this.#words[place * PLACE_WORDS + index * DIGEST_WORDS + word] = bytes.readInt32LE(word * 4);
    }
    return place;
  }

  /** Which of the place's tokens this is; -1 where it is none of them. */
  find(place: number, token: Buffer): number {
    const given = hash('sha256', token, 'buffer');
    let found = -1;
    for (let index = 0; index < COMPARED; index += 1) {
      const from = place * PLACE_WORDS + index * DIGEST_WORDS;
      for (let word = 0; word < DIGEST_WORDS; word += 1) this.#own[word] = this.#words[from + word] ?? 0;
      if (timingSafeEqual(given, this.#own)) found = index;
    }
    return found;
  }

  #makeRoom(words: number): void {
    if (words <= this.#words.length) return;
    const more = new Int32Array(this.#words.length * 2);
    more.set(this.#words);
    this.#words = more;
  }
}
