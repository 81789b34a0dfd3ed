// Addresses as the file writes them: `192.0.2.1:443`, `[2001:db8::1]:443`.

import { canonicalAddress } from '../policy/canonical-address.ts';

export interface IpPort {
  readonly address: string;
  readonly port: number;
}

/** Null where the text is no address with a port. Port 0 is read; whether it makes sense is the caller's. */
export function parseIpPort(text: string): IpPort | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(0|[1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return null;
  const address = canonicalAddress(match[1] ?? match[2] ?? '');
  const port = Number(match[3]);
  if (address === null || address.includes(':') !== (match[1] !== undefined) || port > 65_535) return null;
  return { address, port };
}
