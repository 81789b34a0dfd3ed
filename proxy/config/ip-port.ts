// Addresses as the file writes them: `192.0.2.1:443`, `[2001:db8::1]:443`.

import { isIP, SocketAddress } from 'node:net';
import { unmapped } from '../core/address.ts';

export interface IpPort {
  readonly address: string;
  readonly port: number;
}

/**
 * Node's own spelling of an address, so that two texts for one address are equal, an IPv4-mapped one as the IPv4 address that it is; null
 * where it is none. Zones are refused.
 */
export function canonicalAddress(text: string): string | null {
  const version = isIP(text);
  if (version === 0 || text.includes('%')) return null;
  return version === 4 ? text : unmapped(new SocketAddress({ address: text, family: 'ipv6' }).address);
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
