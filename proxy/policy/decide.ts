// Target and list to a decision. Nothing else decides whether a name and a port may be reached.

import type { Target } from '../core/address.ts';
import type { ListedHost } from '../core/settings.ts';
import type { HostList } from './host-list.ts';

export type Decision =
  | { readonly allow: true; readonly listed: ListedHost }
  | { readonly allow: false; readonly code: 'TARGET_NOT_ALLOWED' | 'PORT_NOT_ALLOWED' };

/** What a tenant may use; null where anyone may use the list. */
export interface Reach {
  mayReach(listed: ListedHost): boolean;
}

/** For a tenant an endpoint that is not its own does not exist. */
export function decideTarget(target: Target, list: HostList, tenant: Reach | null): Decision {
  const listed = list.find(target.host);
  if (listed === null || tenant?.mayReach(listed) === false) return { allow: false, code: 'TARGET_NOT_ALLOWED' };
  if (!listed.ports.includes(target.port)) return { allow: false, code: 'PORT_NOT_ALLOWED' };
  return { allow: true, listed };
}
