// Does a tunnel that was let in by an earlier configuration still have what let it in?

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

/** `tenants` is null where anyone may use the list. */
export function isStillAllowed(tunnel: OpenTunnel, list: HostList, tenants: TenantTable | null): boolean {
  const listed = tunnel.host === null ? null : list.find(tunnel.host);
  if (listed === null || !listed.ports.includes(tunnel.port ?? 0)) return false;
  if (tenants === null) return true;
  const tenant = tunnel.tenant === null ? null : tenants.byId(tunnel.tenant);
  return tenant !== null && tenant.mayReach(listed) && stillProves(tunnel, tenant, tenants);
}

function stillProves({ proof, door, address }: OpenTunnel, tenant: Tenant, tenants: TenantTable): boolean {
  switch (proof?.by) {
    case undefined:
      return true;
    case 'token':
      return tenant.entry.tokens.includes(proof.hash) && tenant.mayComeFrom(address);
    case 'certificate':
      return tenants.byCertificate(proof.certificate).has(tenant) && tenant.mayComeFrom(address);
    case 'source':
      return tenants.bySource(address, door === 'sni') === tenant;
  }
}
