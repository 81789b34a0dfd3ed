// What the sheets have in common: the order of the addresses, and the changes that lie ahead.

import { ADDRESS_STATES, type AddressList, type PublishedAddress } from './list.ts';

/** In use first; what has to go last. */
export function inOrder(addresses: readonly PublishedAddress[]): PublishedAddress[] {
  return ADDRESS_STATES.flatMap((state) => addresses.filter((entry) => entry.state === state));
}

export interface Change {
  readonly date: string;
  readonly address: string;
  readonly what: 'allow before' | 'remove after';
}

/** The next one first. */
export function changesAhead({ addresses }: AddressList): Change[] {
  const changes = addresses.flatMap(({ address, state, date }): Change[] =>
    date === undefined ? [] : [{ date, address, what: state === 'announced' ? 'allow before' : 'remove after' }],
  );
  return changes.sort((a, b) => (a.date < b.date ? -1 : 1));
}

/** As a URL and a PAC file have it. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
