// Entries under `gateway`: a name of ours, and the one place its WebSockets go.

import type { GatewaySettings } from '../core/settings.ts';
import type { Draft } from './draft.ts';
import type { Endpoints } from './endpoints.ts';
import type { ConfigPath, Report } from './problem.ts';

/** AWS IoT serves MQTT over WebSocket on 443 only (developer guide, "protocols"). */
const WEBSOCKET_PORT = 443;

export function readGateways(draft: Draft, endpoints: Endpoints, report: Report): GatewaySettings[] {
  if (draft.gateway.length > 0 && draft.tls === null) report.problemAtKey(['gateway'], 'needs tls: agents come to a gateway over TLS');
  const names = new Set<string>();
  return draft.gateway.flatMap(({ entry: { name, endpoint, origins } }, index) => {
    const at = ['gateway', index];
    if (name !== undefined && names.has(name)) report.problem([...at, 'name'], `${name} is a gateway already`);
    if (name !== undefined) names.add(name);
    const target = endpoint === undefined ? null : targetOf(endpoint, [...at, 'endpoint'], endpoints, report);
    if (name === undefined || endpoint === undefined || origins === undefined || target === null) return [];
    return [{ name, endpoint, target, origins, caPem: endpoints.roots.get(endpoint) ?? null }];
  });
}

function targetOf(endpoint: string, at: ConfigPath, endpoints: Endpoints, report: Report): GatewaySettings['target'] | null {
  const hosts = endpoints.hosts.map(({ listed }) => listed).filter((listed) => listed.endpoint === endpoint);
  const listed = hosts.find(({ kind }) => kind === 'data') ?? hosts.find(({ kind }) => kind === 'custom');
  if (listed !== undefined) {
    const port = listed.ports.includes(WEBSOCKET_PORT) ? WEBSOCKET_PORT : (listed.ports[0] ?? WEBSOCKET_PORT);
    if (port !== WEBSOCKET_PORT) report.warning(at, `goes to port ${port}: AWS IoT serves WebSockets on 443 only`);
    return { host: listed.host, port };
  }
  if (!endpoints.names.has(endpoint)) {
    const known = endpoints.names.size > 0 ? `; there is ${[...endpoints.names].join(', ')}` : '';
    report.problem(at, `no entry under endpoints is called ${endpoint}${known}`);
  } else if (endpoints.isWhole) {
    report.problem(at, `${endpoint} has neither data nor customDomain`);
  }
  return null;
}
