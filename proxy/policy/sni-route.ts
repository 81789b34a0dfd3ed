// Whose is this ClientHello: the first name in it decides the door before any handshake. In order: a listed endpoint's name (where
// the sni door is on), a gateway name, a name of ours, no name at all. Everything else is refused: there is no default route.

import { isIP } from 'node:net';
import type { FaultCode } from '../core/fault.ts';
import type { Door, ListedHost } from '../core/settings.ts';
import { asciiLower } from './ascii.ts';
import type { HostList } from './host-list.ts';

/** The only port that a passed-through hello goes to: an agent without a proxy dials us as if we were the endpoint. */
export const SNI_DOOR_PORT = 443;

export type SniRoute =
  | { readonly door: 'sni'; readonly listed: ListedHost }
  /** Terminate: connect-tls, or where `gateway` is a name also that gateway. */
  | { readonly door: 'tls'; readonly gateway: string | null }
  | { readonly refuse: FaultCode };

export interface OurNames {
  readonly list: HostList;
  readonly gateways: ReadonlySet<string>;
  readonly tlsNames: readonly string[];
}

export function routeSni(sni: string | null, doors: readonly Door[], names: OurNames): SniRoute {
  const has = (door: Door): boolean => doors.includes(door);
  const connectTls: SniRoute = { door: 'tls', gateway: null };
  if (sni === null || isAddress(sni)) return has('connect-tls') ? connectTls : { refuse: 'SNI_MISSING' };

  const name = asciiLower(sni);
  const listed = names.list.find(name);
  if (listed !== null && has('sni')) return listed.ports.includes(SNI_DOOR_PORT) ? { door: 'sni', listed } : { refuse: 'PORT_NOT_ALLOWED' };

  const isGateway = names.gateways.has(name);
  if (isGateway && has('gateway')) return { door: 'tls', gateway: name };

  // Some clients send the target's name to an https proxy; and a gateway name is a name of ours on a listener without that door.
  const isOurs = listed !== null || isGateway || names.tlsNames.some((pattern) => matchesName(pattern, name));
  return isOurs && has('connect-tls') ? connectTls : { refuse: 'TARGET_NOT_ALLOWED' };
}

/** `*.example.com` stands for exactly one label, as in a certificate (RFC 9525 section 6.3). */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  const firstDot = name.indexOf('.');
  return firstDot > 0 && name.slice(firstDot) === pattern.slice(1);
}

/** RFC 6066 forbids addresses in SNI; clients that dial by address send them all the same. */
function isAddress(sni: string): boolean {
  return isIP(sni) !== 0 || (sni.startsWith('[') && sni.endsWith(']') && isIP(sni.slice(1, -1)) === 6);
}
