// Free ports of loopback: the usual one where nobody has it, else one that the system gives.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export const HOST = '127.0.0.1';

export interface Port {
  readonly number: number;
  /** The usual port that somebody else has; null where it is the usual one, or none was wanted. */
  readonly insteadOf: number | null;
}

export type PortName = 'proxy' | 'health' | 'admin';

export const USUAL_PORTS: Readonly<Record<PortName, number>> = { proxy: 8443, health: 8080, admin: 9901 };

export async function pickPorts(usual: Readonly<Record<PortName, number>> | null): Promise<Record<PortName, Port>> {
  const pick = (name: PortName): Promise<Port> => pickPort(usual?.[name] ?? 0);
  return { proxy: await pick('proxy'), health: await pick('health'), admin: await pick('admin') };
}

/** So many ports of the first address are tried on the others. */
const SHARED_TRIES = 20;

/** One number that is free on every one of these addresses. */
export async function pickPort(usual: number, hosts: readonly [string, ...string[]] = [HOST]): Promise<Port> {
  if (usual !== 0 && (await isFree(usual, hosts))) return { number: usual, insteadOf: null };
  const [first, ...others] = hosts;
  for (let tries = 1; tries <= SHARED_TRIES; tries += 1) {
    const free = await bindOnce(0, first);
    if (free !== null && (await isFree(free, others))) return { number: free, insteadOf: usual === 0 ? null : usual };
  }
  throw new Error(`no port is free on ${hosts.join(', ')}`);
}

async function isFree(port: number, hosts: readonly string[]): Promise<boolean> {
  for (const host of hosts) if ((await bindOnce(port, host)) === null) return false;
  return true;
}

/** Binds and lets go. Exclusive, as a plain listen is: a port that another node shares by SO_REUSEPORT is taken too. */
async function bindOnce(port: number, host: string): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return null;
  } finally {
    server.close();
  }
}
