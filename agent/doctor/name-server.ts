// Asking one name server, as the devices of the site do, rather than whatever this machine asks.

import { Resolver } from 'node:dns/promises';

/** A name server that says nothing costs so much. */
const TIMEOUT_MS = 3_000;

export function askServer(server: string): (host: string) => Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  resolver.setServers([server]);
  return async (host) => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = [four, six].flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    if (found.length === 0 && four.status === 'rejected') throw four.reason;
    return found;
  };
}

/** `ADDRESS` or `ADDRESS:PORT`. */
export function isServer(text: string): boolean {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
}
