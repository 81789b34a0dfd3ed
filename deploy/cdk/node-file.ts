// A node's pinhole.yaml: what the stage says of nodes, and what only the deployment knows. Pure; addresses may be tokens of CloudFormation.

import { stringify } from 'yaml';
import { shareQuota } from '../../healthcheck/fleet/quota.ts';
import { ADMIN_PORT, adminName, AGENT_PORT, BALANCER_CHECK_PORT, LOG_FOLDER, RUNTIME_FOLDER } from './names.ts';
import type { Slot, Stage } from './stage.ts';

export type AddressOf = (slot: Slot) => string;

/** What FLEET.yaml gives slots of these roles (docs/fleet.md). */
const WEIGHT = { active: 100, spare: 0 } as const;

/** The file of the node behind one address, in the shape `slots`. */
export function slotNodeFile(stage: Stage, slot: Slot, addressOf: AddressOf): string {
  const others = stage.slots.filter(({ id }) => id !== slot.id).map(addressOf);
  return render(stage, {
    node: { name: slot.id, publicAddresses: [addressOf(slot)] },
    listen: [{ address: `0.0.0.0:${AGENT_PORT}` }],
    probe: { peers: others },
    admin: { address: `0.0.0.0:${ADMIN_PORT}`, token: 'file:admin.token', names: [adminName(slot.id)] },
    opensPerSecond: opensOfSlot(stage, slot),
  });
}

/** The file of every node in the shape `nlb`: they have no address of their own, and may not know each other. */
export function poolNodeFile(stage: Stage, addressOf: AddressOf): string {
  const trust = stage.network.zones.filter(({ zone }) => stage.slots.some((slot) => slot.zone === zone)).map(({ cidr }) => cidr ?? '');
  return render(stage, {
    node: { name: stage.prefix, publicAddresses: stage.slots.map(addressOf) },
    listen: [
      { address: `0.0.0.0:${AGENT_PORT}`, proxyProtocol: { trust } },
      { address: `0.0.0.0:${BALANCER_CHECK_PORT}`, doors: ['connect'] },
    ],
    admin: { token: 'file:admin.token' },
    opensPerSecond: Math.max(1, Math.floor(stage.fleet.quota.connectsPerSecond / (stage.nodes ?? 1))),
  });
}

/** What `fleet plan` says of FLEET.yaml as it is first written. */
function opensOfSlot(stage: Stage, slot: Slot): number {
  const slots = stage.slots.map(({ id, role }) => ({ ...EMPTY_SLOT, id, weight: WEIGHT[role] }));
  const { nodes } = shareQuota({ quota: stage.fleet.quota, slots });
  return nodes.find((limit) => limit.slot === slot.id)?.opensPerSecond ?? stage.fleet.quota.connectsPerSecond;
}

const EMPTY_SLOT = { address: '', role: 'active', admin: null, token: null, drainedSince: null } as const;

interface Own {
  readonly node: unknown;
  readonly listen: unknown;
  readonly probe?: unknown;
  readonly admin: unknown;
  readonly opensPerSecond: number;
}

function render(stage: Stage, { opensPerSecond, ...own }: Own): string {
  const { node } = stage.written;
  const file = {
    runtime: RUNTIME_FOLDER,
    ...own,
    ...node,
    ...(stage.certificate === undefined ? {} : { tls: { certificate: 'tls/fullchain.pem', key: 'tls/key.pem' } }),
    endpoints: endpointsOf(stage),
    resolve: { ...(stage.network.ipv6 ? { family: 'any' } : {}), ...(node['resolve'] as object | undefined) },
    limits: { opensPerSecond, ...(node['limits'] as object | undefined) },
    ...(stage.addressList ? { addresses: 'addresses.json' } : {}),
    log: { file: `${LOG_FOLDER}/pinhole.jsonl` },
  };
  return `# Written by the deployment of ${stage.prefix}; the stage's file is where to change it.\n${stringify(file, { lineWidth: 0 })}`;
}

/** Interface endpoints have addresses of the VPC. */
function endpointsOf(stage: Stage): unknown {
  const written = stage.written.node['endpoints'] as readonly Readonly<Record<string, unknown>>[];
  if (!stage.network.iotEndpoints) return written;
  return written.map((entry) => ({ ...entry, accept: [...((entry['accept'] as string[] | undefined) ?? []), stage.network.cidr] }));
}
