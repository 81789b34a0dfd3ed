// One spelling for one address, so that two texts of it are equal.

import { isIP, SocketAddress } from 'node:net';
import { unmapped } from '../core/address.ts';

/** Node's own spelling, an IPv4-mapped one as the IPv4 address that it is; null where the text is no address. Zones are refused. */
export function canonicalAddress(text: string): string | null {
  const version = isIP(text);
  if (version === 0 || text.includes('%')) return null;
  return version === 4 ? text : unmapped(new SocketAddress({ address: text, family: 'ipv6' }).address);
}
