// Who is this client: asked once its request has been found well-formed, and before a word about what it asks for.

import { identify } from '../policy/identify.ts';
import { type Credentials, readCredentials } from '../wire/basic-credentials.ts';
import type { RequestHead } from '../wire/request-head.ts';
import type { Walk } from './walk.ts';

/** A ClientHello has no room for credentials. */
const NO_CREDENTIALS: Credentials = { kind: 'none' };

/** False where it has been refused. `head` is null on the `sni` door. */
export function isKnown(walk: Walk, head: RequestHead | null): boolean {
  const { session, plane, secure } = walk;
  const tenants = plane.tenants.current;
  const { door, client_ip: address } = session.record;
  if (tenants === null || door === null) return true;
  const credentials = head === null ? NO_CREDENTIALS : readCredentials(head);
  const identity = identify({ door, address, credentials, certificate: secure?.certificate ?? null }, tenants);
  if (identity.ok) session.identified(identity.tenant, identity.proof);
  else {
    session.record.tenant = identity.tenant?.id ?? null;
    walk.refuse(identity.code);
  }
  return identity.ok;
}
