// What the probe is told to do, by the node's settings. It is told nothing that it does not need: no key, and no token
// but one of a tenant, by which it is let in as an agent is.

import type { OwnPlace, ProbedEndpoint, ProbeJob } from '../../healthcheck/probe/contract.ts';
import { probeFile } from '../core/runtime-files.ts';
import { type Door, DOORS, type ListedHost, type ProbeSettings, type Settings } from '../core/settings.ts';
import { ownDoorOf } from './own-door.ts';

const USUAL_PORT = 443;

export function probeJobOf(runtime: string, settings: Settings, probe: ProbeSettings): ProbeJob {
  const { tls, gateways, node } = settings;
  const [name] = tls?.names ?? [];
  return {
    file: probeFile(runtime),
    schedule: probe.schedule,
    failures: probe.failures,
    places: placesOf(settings),
    endpoints: endpointsOf(settings.hosts, probe),
    gateways: gateways.map((gateway) => ({ name: gateway.name, endpoint: gateway.endpoint })),
    tls: tls === null || name === undefined ? null : { name: name.replace(/^\*/, 'probe'), certificates: tls.certificatePem },
    peers: probe.peers,
    login: probe.login,
    ownAddresses: node.publicAddresses,
  };
}

/** Of several listeners with a door the first: whether the others answer is looked at by themselves. */
function placesOf({ listeners, tls }: Settings): ProbeJob['places'] {
  const places: Partial<Record<Door, OwnPlace>> = {};
  // It has no certificate to show.
  const tried = tls?.clients?.isRequired === true ? DOORS.filter((door) => door !== 'connect-tls' && door !== 'gateway') : DOORS;
  for (const door of tried) {
    const listener = listeners.find(({ doors }) => doors.includes(door));
    if (listener) places[door] = ownDoorOf(listener);
  }
  return places;
}

function endpointsOf(hosts: readonly ListedHost[], { roots }: ProbeSettings): ProbedEndpoint[] {
  const names = [...new Set(hosts.map(({ endpoint }) => endpoint))];
  return names.map((name) => ({
    name,
    hosts: hosts.filter(({ endpoint }) => endpoint === name).map(({ host, ports }) => ({ host, port: portOf(ports) })),
    ca: roots[name] ?? null,
  }));
}

/** On 443 an endpoint asks for no device's certificate. */
function portOf(ports: readonly number[]): number {
  return ports.includes(USUAL_PORT) ? USUAL_PORT : (ports[0] ?? USUAL_PORT);
}
