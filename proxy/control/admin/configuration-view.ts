// The configuration as it is in force, for people to read. Every field is named here, so that a new one with a secret in it is not shown by
// accident: of keys, tokens and certificates it says only that they are there.

import type { Settings } from '../../core/settings.ts';

export function viewConfiguration(settings: Settings): Record<string, unknown> {
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
    tenants: tenants && { count: tenants.list.split('\n').filter((line) => line !== '').length },
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
