// Does a tunnel that was let in by an earlier configuration still have what let it in?

import type { RevokedReason } from '../core/revoked.ts';
import type { Door } from '../core/settings.ts';
import type { Proof } from '../core/tenant.ts';
import type { HostList } from './host-list.ts';
import type { Tenant, TenantTable } from './tenants.ts';

export interface OpenTunnel {
  readonly door: Door | null;
  readonly tenant: string | null;
  /** Null where it came from a carrier that did not say. */
  readonly proof: Proof | null;
  readonly address: string;
  readonly host: string | null;
  readonly port: number | null;
}

/** Null where it does. `tenants` is null where anyone may use the list. */
export function whyRevoked(tunnel: OpenTunnel, list: HostList, tenants: TenantTable | null): RevokedReason | null {
  const listed = tunnel.host === null ? null : list.find(tunnel.host);
  if (listed === null) return 'endpoint-gone';
  if (!listed.ports.includes(tunnel.port ?? 0)) return 'port-gone';
  if (tenants === null) return null;
  const tenant = tunnel.tenant === null ? null : tenants.byId(tunnel.tenant);
  if (tenant === null) return 'tenant-gone';
  return tenant.mayReach(listed) ? whyUnproven(tunnel, tenant, tenants) : 'endpoint-not-its-own';
}

function whyUnproven({ proof, door, address }: OpenTunnel, tenant: Tenant, tenants: TenantTable): RevokedReason | null {
  const bySource = (isThere: boolean): RevokedReason | null => (isThere ? null : 'source-gone');
  switch (proof?.by) {
    case undefined:
      return null;
    case 'token':
      return tenant.entry.tokens.includes(proof.hash) ? bySource(tenant.mayComeFrom(address)) : 'token-gone';
    case 'certificate':
      return tenants.byCertificate(proof.certificate).has(tenant) ? bySource(tenant.mayComeFrom(address)) : 'certificate-gone';
    case 'source':
      return bySource(tenants.bySource(address, door === 'sni') === tenant);
  }
}
