// Is this one of a tenant's tokens: as long for a right one as for a wrong one, for one token as for two, and for a tenant that does not exist.

import { hash, timingSafeEqual } from 'node:crypto';
import type { Proof } from '../core/tenant.ts';

const NOBODY = Buffer.alloc(32);

/** A tenant has at most two, and so many are compared whatever it has. */
const COMPARED = 2;

export class TokenCheck {
  readonly #hashes: readonly Buffer[];
  readonly #proofs: readonly Proof[];

  /** SHA-256 in hex. */
  constructor(hashes: readonly string[]) {
    this.#hashes = hashes.map((hex) => Buffer.from(hex, 'hex'));
    this.#proofs = hashes.map((hex) => ({ by: 'token', hash: hex }));
  }

  /** Null where it is none of them. */
  check(token: Buffer): Proof | null {
    const given = hash('sha256', token, 'buffer');
    let found: Proof | null = null;
    for (let index = 0; index < COMPARED; index += 1) {
      const isSame = timingSafeEqual(given, this.#hashes[index] ?? NOBODY);
      const proof = this.#proofs[index];
      if (isSame && proof) found = proof;
    }
    return found;
  }

  has(hex: string): boolean {
    return this.#proofs.some((proof) => proof.by === 'token' && proof.hash === hex);
  }
}

/** What is asked where no such user is, so that the answer takes as long. */
export const NO_TOKENS = new TokenCheck([]);
