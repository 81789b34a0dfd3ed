// `explain`'s question after who asks: as proxy/policy/identify.ts, but of somebody who is said to have the right token or certificate.

import type { FaultCode } from '../core/fault.ts';
import { identify } from '../policy/identify.ts';
import type { Tenant, TenantTable } from '../policy/tenants.ts';
import type { Question } from './question.ts';

export type Asked =
  | { readonly code: null; readonly tenant: Tenant | null; readonly text: string }
  | { readonly code: FaultCode; readonly text: string };

/** `tenants` is null where anyone may use the list. */
export function whoAsks(tenants: TenantTable | null, question: Question): Asked {
  const { tenant: id } = question;
  if (tenants === null) {
    return {
      code: null,
      tenant: null,
      text: `the file names no tenants: every source may use the list${id === null ? '' : `, ${id} like anyone`}`,
    };
  }
  if (id === null) return stranger(tenants, question);
  const tenant = tenants.byId(id);
  return tenant === null ? { code: 'AUTH_INVALID', text: `no tenant is called ${id}` } : known(tenant, tenants, question);
}

function stranger(tenants: TenantTable, { door, from }: Pick<Question, 'door' | 'from'>): Asked {
  const identity = identify({ door, address: from ?? '', credentials: { kind: 'none' }, certificate: null }, tenants);
  const what = from === null ? 'a stranger' : `a stranger from ${from}`;
  if (identity.ok) return { code: null, tenant: identity.tenant, text: `${from} is ${identity.tenant.id}` };
  const asksFor = identity.code === 'AUTH_REQUIRED' ? 'asked for credentials' : 'of no tenant';
  return { code: identity.code, text: `${what}: ${asksFor}` };
}

function known(tenant: Tenant, tenants: TenantTable, { door, from }: Question): Asked {
  const { tokens, sources } = tenant.entry;
  const where = from === null ? (sources.length > 0 ? ', from its sources' : '') : ` from ${from}`;
  const by =
    door === 'sni' ? null : tokens.length > 0 ? 'its token' : door !== 'connect' && tenant.hasCertificate ? 'its certificate' : null;
  if (by !== null) {
    if (from === null || tenant.mayComeFrom(from)) return { code: null, tenant, text: `${tenant.id} by ${by}${where}` };
    return { code: 'SOURCE_NOT_ALLOWED', text: `${tenant.id} by ${by}, but not from ${from}` };
  }
  if (tenant.hasCredential && !(door === 'sni' && tenant.entry.sniBySource)) {
    const code = tenants.hasTokens && door !== 'sni' ? 'AUTH_REQUIRED' : 'SOURCE_NOT_ALLOWED';
    return { code, text: `${tenant.id} cannot show on ${door} who it is` };
  }
  if (from === null || tenants.bySource(from, door === 'sni') === tenant)
    return { code: null, tenant, text: `${tenant.id} by its source${where}` };
  return stranger(tenants, { door, from });
}
