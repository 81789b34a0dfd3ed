// Where the machine itself reaches a listener of its own, and whether it has to send a PROXY header there.

import type { ListenerSettings } from '../core/settings.ts';
import { isInRanges, rangeList } from '../policy/ranges.ts';

export interface OwnDoor {
  readonly address: string;
  readonly port: number;
  readonly wantsProxyHeader: boolean;
}

/** Towards an address of its own a machine connects from that very address. */
export function ownDoorOf({ host, port, proxyProtocolTrust }: ListenerSettings): OwnDoor {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return { address, port, wantsProxyHeader: isInRanges(rangeList(proxyProtocolTrust ?? []), address) };
}
