// The signed list of a site's addresses, with a key of its own (docs/addresses.md, "The form"). Written here and not by `pinhole addresses make`,
// which would be a process for each world.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface SignedList {
  readonly text: string;
  readonly publicKey: string;
}

export interface ListInput {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly nowMs: number;
}

const LASTS_MS = 30 * 86_400_000;

export function signList({ host, port, addresses, nowMs }: ListInput): SignedList {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const entries = addresses.map((address, index) => ({ address, slot: `site-${index + 1}`, state: 'active' }));
  // RFC 8785: members sorted, no white space; every text here is ASCII.
  const content = JSON.stringify({
    addresses: entries,
    expires: instant(nowMs + LASTS_MS),
    fleet: 'sandbox',
    issued: instant(nowMs),
    proxy: { host, port },
    version: 1,
  });
  const key = createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
  const signature = sign(null, Buffer.from(`pinhole-addresses-v1\n${content}`), privateKey).toString('base64');
  const text = JSON.stringify({ ...(JSON.parse(content) as object), signatures: [{ algorithm: 'Ed25519', key, signature }] });
  return { text: `${text}\n`, publicKey: publicKey.export({ format: 'pem', type: 'spki' }) };
}
