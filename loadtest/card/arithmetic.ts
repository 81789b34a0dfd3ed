// From what one tunnel costs to what a node holds and how many nodes a fleet needs. Pure.

import type { Ec2Size } from './ec2.ts';

/** What was measured, of one node. */
export interface TunnelCosts {
  readonly userKib: number;
  /** A node without a tunnel. */
  readonly emptyMib: number;
  readonly cpuUsPerMessage: number;
  readonly cpuUsPerOpen: number;
}

/** Bytes of the kernel's objects for one idle TCP socket: tcp_sock, inode, file, dentry, epoll item, as /proc/slabinfo had them. */
export const SOCKET_BYTES = { tcp: 2_368, inode: 832, file: 192, dentry: 192, epoll: 128 } as const;
/** The agent's side and AWS's. */
export const SOCKETS_PER_TUNNEL = 2;
export const KERNEL_KIB = (SOCKETS_PER_TUNNEL * Object.values(SOCKET_BYTES).reduce((sum, bytes) => sum + bytes, 0)) / 1_024;

/** Of memory and CPU: the rest is for storms, garbage and what nobody thought of. */
export const MEMORY_SHARE = 0.8;
export const CPU_SHARE = 0.5;
export const BANDWIDTH_SHARE = 0.5;
/** For the system besides. */
export const SYSTEM_MIB = 512;
/** Upstream sockets are bound to no address, so each address of AWS's endpoint has the whole range; one is counted. */
export const PORTS = { standard: 28_232, widened: 64_512 } as const;
/** What passes a node in one direction for a ping and its answer: 82 and 78 bytes, and two acknowledgements of 52. */
export const PING_BYTES = 82 + 78 + 2 * 52;
/** A fleet is sized for this much of what its nodes hold, with one of them lost. */
export const FILL_SHARE = 0.8;
/** AWS IoT Core's defaults for an account; both can be raised. */
export const IOT = { connectsPerSecond: 500, connections: 500_000 } as const;

export type Limit = 'memory' | 'ports' | 'CPU' | 'bandwidth';

export interface NodeCapacity {
  /** Null where the size's own number is not sourced. */
  readonly limits: Readonly<Record<Limit, number | null>>;
  readonly binding: Limit;
  readonly tunnels: number;
}

export function capacityOf(size: Ec2Size, costs: TunnelCosts, keepAliveSeconds: number): NodeCapacity {
  const freeKib = (size.memoryGib * 1_024 * MEMORY_SHARE - SYSTEM_MIB - costs.emptyMib) * 1_024;
  const limits = {
    memory: Math.max(0, Math.floor(freeKib / (costs.userKib + KERNEL_KIB))),
    ports: PORTS.widened,
    CPU: Math.floor((size.cores * CPU_SHARE * 1e6 * keepAliveSeconds) / costs.cpuUsPerMessage),
    bandwidth:
      size.baselineGbps === null ? null : Math.floor((size.baselineGbps * 1e9 * BANDWIDTH_SHARE * keepAliveSeconds) / 8 / PING_BYTES),
  };
  const known = (Object.entries(limits) as [Limit, number | null][]).filter((entry): entry is [Limit, number] => entry[1] !== null);
  const [binding, tunnels] = known.reduce((least, entry) => (entry[1] < least[1] ? entry : least));
  return { limits, binding, tunnels };
}

/** With one lost, the others hold all agents. Never fewer than two: one address is no fleet. */
export function nodesFor(agents: number, tunnelsPerNode: number): number {
  return Math.max(2, Math.ceil(agents / (tunnelsPerNode * FILL_SHARE)) + 1);
}

/** What a GiB holds, and what a core carries, by the measured costs alone. */
export function safePerUnit(costs: TunnelCosts, keepAliveSeconds: number): { readonly perGib: number; readonly perCore: number } {
  return {
    perGib: Math.floor((1_048_576 * MEMORY_SHARE) / (costs.userKib + KERNEL_KIB)),
    perCore: Math.floor((CPU_SHARE * 1e6 * keepAliveSeconds) / costs.cpuUsPerMessage),
  };
}
