// What the fleet of the sandbox is configured by, as text: a file for each node, and FLEET.yaml.

import { GATEWAY } from '../world/config-file.ts';
import { FLEET_NAME, type Layout, OWNER, type SlotPlace, TTL_S, ZONE } from './layout.ts';

/** How a node comes to AWS: by ways of its own, which stand in for DNS, or by asking a DNS server. */
export type WayToAws =
  | { readonly pins: readonly { readonly host: string; readonly port: number; readonly to: string }[] }
  | { readonly dnsServer: string; readonly accept: string };

export interface NodeFileInput {
  readonly layout: Layout;
  readonly slot: SlotPlace;
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly endpoint: { readonly data: string; readonly credentials: string | null; readonly ports: readonly number[]; readonly ca: string };
  readonly way: WayToAws;
  readonly probeSchedule: string;
  readonly settleS: number;
}

/** JSON strings are YAML strings, whatever is in a path. */
const text = (value: string): string => JSON.stringify(value);

export function renderNodeFile({ layout, slot, tls, endpoint, way, probeSchedule, settleS }: NodeFileInput): string {
  const peers = layout.slots.filter(({ id }) => id !== slot.id).map(({ address }) => text(`${address}:${layout.port}`));
  const pages = layout.slots.filter(({ id }) => id !== slot.id).map(({ admin }) => text(admin));
  const isPinned = 'pins' in way;
  return `# Written anew at every start of the sandbox. A file for a real node has no \`resolve.pin\`, and its own names and certificates.
node: { name: ${slot.id}, publicAddresses: [${slot.address}] }
runtime: ${text(slot.runtime)}
listen:
  - address: ${slot.address}:${layout.port}
tls:
  certificate: ${text(tls.certificate)}
  key: ${text(tls.key)}
  names: [${FLEET_NAME}, localhost]
endpoints:
  - name: sandbox
    data: ${endpoint.data}
${endpoint.credentials === null ? '' : `    credentials: ${endpoint.credentials}\n`}    ports: [${endpoint.ports.join(', ')}]
    ca: ${text(endpoint.ca)}
${isPinned ? '' : `    accept: [${way.accept}]\n`}${isPinned ? `gateway:\n  - name: ${GATEWAY}\n    endpoint: sandbox\n` : ''}resolve:
${
  isPinned
    ? `  pin:\n${way.pins.map(({ host, port, to }) => `    - { host: ${host}, port: ${port}, to: ${text(to)} }\n`).join('')}`
    : `  servers: [${text(way.dnsServer)}]\n`
}health: { address: ${text(new URL(slot.health).host)} }
admin: { address: ${text(new URL(slot.admin).host)}, token: ${text(`file:${layout.adminToken}`)}, peers: [${pages.join(', ')}] }
# Small, for a first hour: a real node takes as many carriers as it has cores, and 50,000 tunnels.
carriers: 1
limits: { tunnels: 2000 }
drain: { settle: ${settleS}s, stop: 2s }
# Through this node's own doors, as an agent would; and through the other nodes, where it does not get through.
probe: { schedule: "${probeSchedule}", peers: [${peers.join(', ')}] }
addresses: ${text(layout.list)}
`;
}

export function renderFleetFile(layout: Layout): string {
  const slots = layout.slots.map(
    ({ id, address, admin }) => `  - { id: ${id}, address: ${address}, admin: "${admin}", token: ${text(`file:${layout.adminToken}`)} }\n`,
  );
  return `# Written anew at every start of the sandbox; change it while the sandbox runs, and \`fleet run\` does what it says.
name: ${FLEET_NAME}
zone: ${ZONE}
ttl: ${TTL_S}s
owner: ${OWNER}
check: { port: ${layout.port} }
slots:
${slots.join('')}`;
}

/** How often a node tries its own doors where everything else runs so much faster: seldom enough that a round ends before the next. */
export function probeScheduleFor(speed: number): string {
  const usualS = 15;
  const shortestS = 2;
  const divisors = [15, 12, 10, 6, 5, 4, 3, 2];
  const seconds = divisors.find((candidate) => candidate <= usualS / speed) ?? shortestS;
  return `*/${seconds} * * * * *`;
}
