// Who asks: what the client shows against the tenants, to a tenant or to a refusal. With tenants nobody is anonymous.

import type { Door } from '../core/settings.ts';
import type { ClientCertificate, Proof } from '../core/tenant.ts';
import type { Tenant, TenantTable } from './tenants.ts';

export interface Shown {
  readonly door: Door;
  /** In Node's text form. */
  readonly address: string;
  readonly credentials: { readonly kind: 'none' | 'invalid' } | { readonly kind: 'basic'; readonly user: string; readonly token: Buffer };
  /** One that hangs on a CA of ours; null where none was shown. */
  readonly certificate: ClientCertificate | null;
}

export type Identity =
  | { readonly ok: true; readonly tenant: Tenant; readonly proof: Proof }
  | {
      readonly ok: false;
      readonly code: 'AUTH_REQUIRED' | 'AUTH_INVALID' | 'SOURCE_NOT_ALLOWED';
      /** Known, but not to be let in from there. */
      readonly tenant: Tenant | null;
    };

const AUTH_INVALID: Identity = { ok: false, code: 'AUTH_INVALID', tenant: null };
const BY_SOURCE: Proof = { by: 'source' };

export function identify(shown: Shown, tenants: TenantTable): Identity {
  const { credentials, certificate, address, door } = shown;
  if (credentials.kind === 'invalid') return AUTH_INVALID;
  const byToken = credentials.kind === 'basic' ? tenants.byToken(credentials.user, credentials.token) : null;
  if (credentials.kind === 'basic' && byToken === null) return AUTH_INVALID;

  const named = certificate === null ? null : tenants.byCertificate(certificate);
  const [byCertificate = null] = named ?? [];
  if (named !== null && named.size > 1) return AUTH_INVALID;
  if (byToken !== null && byCertificate !== null && byToken.tenant !== byCertificate) return AUTH_INVALID;

  if (byToken !== null) return fromThere(byToken.tenant, byToken.proof, address);
  if (byCertificate !== null && certificate !== null) return fromThere(byCertificate, { by: 'certificate', certificate }, address);
  const bySource = tenants.bySource(address, door === 'sni');
  if (bySource !== null) return { ok: true, tenant: bySource, proof: BY_SOURCE };
  // To ask for what nobody has would only be a riddle; and a ClientHello has no room for it.
  return { ok: false, code: tenants.hasTokens && door !== 'sni' ? 'AUTH_REQUIRED' : 'SOURCE_NOT_ALLOWED', tenant: null };
}

function fromThere(tenant: Tenant, proof: Proof, address: string): Identity {
  return tenant.mayComeFrom(address) ? { ok: true, tenant, proof } : { ok: false, code: 'SOURCE_NOT_ALLOWED', tenant };
}
