// Signed address lists for the agent's tests.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { parseKeys } from '../address-list.ts';

export interface ListKeys {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly publicPem: string;
  readonly sign: (list: ListFields) => string;
}

export interface ListFields {
  readonly issued: string;
  readonly expires: string;
  readonly host?: string;
  readonly port?: number;
  readonly addresses?: readonly { readonly slot: string; readonly address: string; readonly state: string; readonly date?: string }[];
}

export function makeListKeys(): ListKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' });
  const keys = parseKeys(publicPem) ?? new Map<string, KeyObject>();
  const [id = ''] = keys.keys();
  return { keys, publicPem, sign: (list) => signed(list, id, privateKey) };
}

/** Written with its members sorted and without white space, which is the form that is signed. */
function signed({ issued, expires, host = 'proxy.test', port = 443, addresses }: ListFields, id: string, key: KeyObject): string {
  const entries = (addresses ?? [{ slot: 'a', address: '192.0.2.1', state: 'active' }]).map(({ slot, address, state, date }) => ({
    address,
    ...(date === undefined ? {} : { date }),
    slot,
    state,
  }));
  const content = JSON.stringify({ addresses: entries, expires, fleet: 'test', issued, proxy: { host, port }, version: 1 });
  const signature = sign(null, Buffer.from(`pinhole-addresses-v1\n${content}`), key).toString('base64');
  return JSON.stringify({ ...(JSON.parse(content) as object), signatures: [{ key: id, algorithm: 'Ed25519', signature }] });
}
