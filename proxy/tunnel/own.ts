// What is this node itself: names that a Host field may say, and addresses that must never be dialled.

import { unmapped } from '../core/address.ts';
import type { Settings } from '../core/settings.ts';
import { matchesName } from '../policy/sni-route.ts';

export interface Own {
  /** One of our own names or addresses, lower case, without a port or brackets. */
  isName(host: string): boolean;
  isAddress(address: string): boolean;
}

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** `interfaces` gives every address of this machine; it is asked at each call, since addresses come and go, only where a wildcard listens. */
export function createOwn(settings: Settings, interfaces: () => readonly string[]): Own {
  const addresses = new Set<string>(settings.node.publicAddresses);
  let hasWildcard = false;
  for (const { host } of settings.listeners) {
    if (WILDCARDS.has(host)) hasWildcard = true;
    else addresses.add(host);
  }
  const names = [...settings.gateways.map((gateway) => gateway.name), ...(settings.tls?.names ?? [])];

  const isAddress = (address: string): boolean => {
    const plain = unmapped(address);
    return addresses.has(plain) || (hasWildcard && interfaces().includes(plain));
  };
  return { isAddress, isName: (host) => names.some((name) => matchesName(name, host)) || isAddress(host) };
}
