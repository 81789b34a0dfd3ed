// The configuration as it is in force, for people to read. Every field is named here, so that a new one with a secret in it is not shown by
// accident: of keys, tokens and certificates it says only that they are there.

import type { Settings, TenantsSettings } from '../../core/settings.ts';
import type { TenantCertificate } from '../../core/tenant.ts';
import { countLines, readTenant } from '../../policy/tenant-text.ts';

/** Somebody reads it: of ten thousand, one is asked for by its name. */
export const TENANTS_SHOWN = 100;

/** `tenant` alone, where one is asked for. */
export function viewConfiguration(settings: Settings, tenant: string | null = null): Record<string, unknown> {
  const { tls, tenants, probe, admin, addresses } = settings;
  return {
    policyVersion: settings.policyVersion,
    node: settings.node,
    runtime: settings.runtime,
    listeners: settings.listeners,
    tls: tls && {
      names: tls.names,
      minVersion: tls.minVersion,
      clients: tls.clients && { isRequired: tls.clients.isRequired, hasCrl: tls.clients.crlPem !== null },
    },
    hosts: settings.hosts,
    gateways: settings.gateways.map(({ name, endpoint, target, origins, caPem }) => ({
      ...{ name, endpoint, target, origins },
      hasOwnRoots: caPem !== null,
    })),
    tenants: tenants && { count: countLines(tenants.list), shown: viewTenants(tenants, tenant) },
    policy: settings.policy,
    resolve: settings.resolve,
    limits: settings.limits,
    timeouts: settings.timeouts,
    drain: settings.drain,
    carriers: settings.carriers,
    relay: settings.relay,
    health: settings.health,
    probe: probe && {
      ...{ schedule: probe.schedule, failures: probe.failures, peers: probe.peers },
      hasLogin: probe.login !== null,
      ownRoots: Object.keys(probe.roots),
    },
    admin: { host: admin.host, port: admin.port, hasToken: admin.token !== null, names: admin.names, peers: admin.peers },
    addresses: addresses && { etag: addresses.etag },
    log: settings.log,
  };
}

/** The first of them, or the one that is asked for; a line at a time, so that of a long list little is read. */
function viewTenants({ list }: TenantsSettings, wanted: string | null): Record<string, unknown>[] {
  const shown: Record<string, unknown>[] = [];
  const from = wanted === null ? 0 : `\n${list}`.indexOf(`\n${wanted}\t`);
  if (from < 0) return [];
  const many = wanted === null ? TENANTS_SHOWN : 1;
  for (let at = from; at < list.length && shown.length < many;) {
    const end = list.indexOf('\n', at);
    const to = end < 0 ? list.length : end;
    shown.push(viewTenant(list.slice(at, to)));
    at = to + 1;
  }
  return shown;
}

function viewTenant(line: string): Record<string, unknown> {
  const { id, tokens, certificate, sources, sniBySource, endpoints, tunnels, opensPerSecond } = readTenant(line);
  return {
    ...{ id, tokens: tokens.length, certificate: certificate && viewCertificate(certificate), sources, sniBySource },
    ...{ endpoints, limits: { tunnels, opensPerSecond } },
  };
}

function viewCertificate(certificate: TenantCertificate): Record<string, unknown> {
  return certificate.by === 'fingerprints' ? { fingerprints: certificate.fingerprints.length } : { [certificate.by]: certificate.name };
}
