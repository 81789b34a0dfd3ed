// Which address and port everything of a run has. In a network of our own these are the real ones, 443 among them; else they are free ones of
// a machine that others use as well.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { NodePlace } from './node-config.ts';

/** As the data endpoint of an account is called (docs/configuration.md); it leads nowhere but to our far ends. */
export const DATA_NAME = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

const FIRST_NODE = 11;
const FIRST_FAR_END = 101;
export const HOSTILE_ADDRESS = '127.0.9.1';

export interface Places {
  readonly nodes: readonly NodePlace[];
  readonly farEnds: readonly string[];
  readonly farEndPort: number;
}

export interface PlacesInput {
  readonly nodes: number;
  readonly farEnds: number;
  readonly isIsolated: boolean;
  readonly folder: string;
}

export async function findPlaces({ nodes, farEnds, isIsolated, folder }: PlacesInput): Promise<Places> {
  const addresses = Array.from({ length: nodes }, (_, index) => `127.0.0.${FIRST_NODE + index}`);
  const far = Array.from({ length: farEnds }, (_, index) => `127.0.0.${FIRST_FAR_END + index}`);
  const port = (usual: number, address: string): Promise<number> => (isIsolated ? Promise.resolve(usual) : freePort(address));
  const places = addresses.map(async (address, index): Promise<NodePlace> => {
    const name = `eu-1${'abcdefgh'.charAt(index)}`;
    const ports = { agents: await port(443, address), health: await port(8_080, address), admin: await port(9_901, address) };
    return { name, address, ports, folder: join(folder, name) };
  });
  return { nodes: await Promise.all(places), farEnds: far, farEndPort: await port(443, far[0] ?? '127.0.0.1') };
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen({ host: address, port: 0, exclusive: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
