// Ed25519 keys and signatures of the address list (RFC 8032). A list may carry several signatures: one by the key that agents have, one by
// the key that they are about to get.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Json, signedBytes } from './canonical.ts';
import { type AddressList, type ListSignature, renderList, type SignedList } from './list.ts';

export interface ListKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface NewKey {
  readonly id: string;
  readonly privatePem: string;
  readonly publicPem: string;
}

const PUBLIC_BLOCK = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
const ID_DIGITS = 16;

export function newKey(): NewKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    id: keyId(publicKey),
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }),
  };
}

/** `openssl pkey -pubin -in FILE -outform DER | sha256sum` begins with the same digits. */
export function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('hex').slice(0, ID_DIGITS);
}

/** Null where the text is no Ed25519 private key. */
export function parsePrivateKey(pem: string): ListKey | null {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? { id: keyId(createPublicKey(key)), key } : null;
  } catch {
    return null;
  }
}

/** Every public key of a PEM file; null where there is none, or one is not Ed25519. */
export function parsePublicKeys(pem: string): ListKey[] | null {
  const blocks = pem.match(PUBLIC_BLOCK) ?? [];
  try {
    const keys = blocks.map((block) => createPublicKey(block));
    if (keys.length === 0 || keys.some((key) => key.asymmetricKeyType !== 'ed25519')) return null;
    return keys.map((key) => ({ id: keyId(key), key }));
  } catch {
    return null;
  }
}

/** The text of the list, signed by each of the keys. */
export function signList(list: AddressList, keys: readonly ListKey[]): string {
  // Over JSON, so that what is signed is what a reader will see.
  const bytes = signedBytes(JSON.parse(JSON.stringify(list)) as { readonly [name: string]: Json });
  if (bytes === null) throw new Error('a list has whole numbers only');
  const signatures = keys.map(({ id, key }): ListSignature => ({
    key: id,
    algorithm: 'Ed25519',
    signature: sign(null, bytes, key).toString('base64'),
  }));
  return renderList(list, signatures);
}

/** `known` are the signatures whose key is among `keys`, `right` those of them that are over these very bytes. */
export function checkSignatures(signed: SignedList, keys: readonly ListKey[]): { readonly known: string[]; readonly right: string[] } {
  const known: string[] = [];
  const right: string[] = [];
  for (const { key: id, signature } of signed.signatures) {
    const found = keys.find((key) => key.id === id);
    if (!found) continue;
    known.push(id);
    if (verify(null, signed.signedBytes, found.key, Buffer.from(signature, 'base64'))) right.push(id);
  }
  return { known, right };
}
