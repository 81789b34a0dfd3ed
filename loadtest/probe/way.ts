// The ways to the far end that a probe compares: past the proxy, and through each door of each node.

import type { ProbeSettings } from './messages.ts';

export interface Way {
  readonly door: 'direct' | 'connect' | 'connect-tls';
  /** Where TCP goes. */
  readonly host: string;
  readonly port: number;
  /** Of a TLS door. */
  readonly serverName: string | null;
}

export function directWays({ target }: ProbeSettings): Way[] {
  return target.addresses.map((address) => ({ door: 'direct', ...hostAndPort(address), serverName: null }));
}

export function proxyWays({ nodes }: ProbeSettings): Way[] {
  return nodes.flatMap(({ address, doors, serverName }) => doors.map((door) => ({ door, ...hostAndPort(address), serverName })));
}

function hostAndPort(address: string): { host: string; port: number } {
  const match = /^\[?([^\]]+)\]?:(\d+)$/.exec(address);
  if (match?.[1] === undefined) throw new Error(`${address}: expected HOST:PORT`);
  return { host: match[1], port: Number(match[2]) };
}
