// The configuration of a node in a run, as text. As an operator would run it, but for what docs/loadtest.md names: every agent comes from one
// address here, and a plain run has nothing in its tunnels that could be checked.

import type { Scenario } from '../scenario.ts';
import { drainRate, type RigPlan } from '../plan.ts';

export interface NodePlace {
  readonly name: string;
  readonly address: string;
  readonly ports: { readonly agents: number; readonly health: number; readonly admin: number };
  readonly folder: string;
}

/** The endpoint as this run has it. */
export interface EndpointPlace {
  readonly data: string;
  /** `IP:PORT`, each. */
  readonly to: readonly string[];
  readonly credentials: { readonly host: string; readonly to: string } | null;
  readonly ca: string | null;
}

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  readonly name: string;
}

export interface NodeConfigInput {
  readonly place: NodePlace;
  readonly scenario: Scenario;
  readonly plan: Pick<RigPlan, 'carriers' | 'tunnelsPerNode' | 'opensPerSecondPerNode'>;
  readonly endpoint: EndpointPlace;
  readonly tls: Certificate | null;
}

/** Where the node writes its records. */
export function logFileOf({ folder }: Pick<NodePlace, 'folder'>): string {
  return `${folder}/pinhole.log`;
}

export function renderNodeConfig({ place, scenario, plan, endpoint, tls }: NodeConfigInput): string {
  const { name, address, ports, folder } = place;
  // JSON strings are YAML strings, whatever is in a path.
  const text = (value: string): string => JSON.stringify(value);
  const isPlain = scenario.to === 'far-end';
  const pin = (host: string, to: readonly string[]): string => `    - { host: ${host}, port: 443, to: [${to.map(text).join(', ')}] }\n`;
  return `# Written by \`pinhole loadtest ${scenario.name}\`.
node: { name: ${name} }
runtime: ${text(`${folder}/run`)}
carriers: ${plan.carriers}
listen:
  - { address: "${address}:${ports.agents}", doors: [connect${tls === null ? '' : ', connect-tls'}] }
${tls === null ? '' : `tls: { certificate: ${text(tls.certificate)}, key: ${text(tls.key)}, names: [${tls.name}] }\n`}endpoints:
  - name: loadtest
    data: ${endpoint.data}
${endpoint.credentials === null ? '' : `    credentials: ${endpoint.credentials.host}\n`}${endpoint.ca === null ? '' : `    ca: ${text(endpoint.ca)}\n`}${isPlain ? 'policy: { sni: off, alpn: off }\n' : ''}resolve:
  pin:
${pin(endpoint.data, endpoint.to)}${endpoint.credentials === null ? '' : pin(endpoint.credentials.host, [endpoint.credentials.to])}limits:
  tunnels: ${plan.tunnelsPerNode}
  opensPerSecond: ${plan.opensPerSecondPerNode}
${scenario.idleSeconds === null ? '' : `  idle: ${scenario.idleSeconds}s\n`}${limitsOfOneSource(scenario)}drain: { settle: 2s, rate: ${drainRate(scenario)}, stop: 2s }
probe: off
health: { address: "${address}:${ports.health}" }
admin: { address: "${address}:${ports.admin}" }
log: { level: info, file: ${text(logFileOf(place))} }
`;
}

/** All agents come from one address, which no site does: limits of one source would be met by them all together. A flood is held to them. */
function limitsOfOneSource({ events }: Scenario): string {
  if (events.some((event) => event.do === 'flood')) return '';
  return '  perSource: { pending: 100000, refusalsPerSecond: 100000 }\n';
}
