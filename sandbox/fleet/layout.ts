// Where everything of a fleet's world is: addresses, ports, folders and files. Plain data that nodes, agents, view and game days read.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROXY } from '../world/config-file.ts';
import { runtimeFolder } from '../world/place.ts';
import { pickPort } from '../world/ports.ts';

/** Loopback is a whole /8 on Linux: each node has an address of its own there, as it has an Elastic IP elsewhere. */
const FIRST_HOST = 11;
/** As many as a multivalue answer holds (sandbox/route53/limits.ts). */
export const NODES_MAX = 8;
export const NODES_MIN = 2;

/** A name in the nodes' certificate. */
export const FLEET_NAME = PROXY;
export const ZONE = 'sandbox.test';
export const COMPANION_NAME = FLEET_NAME.replace('.', '-all.');
export const OWNER = 'sandbox';
/** Of FLEET.yaml; the default of the product. */
export const TTL_S = 60;

const USUAL = { agents: 8443, health: 8080, admin: 9901 } as const;

export interface SlotPlace {
  readonly id: string;
  readonly address: string;
  readonly dir: string;
  readonly config: string;
  readonly runtime: string;
  readonly log: string;
  /** Without a path. */
  readonly health: string;
  readonly admin: string;
  /** Where agents dial. */
  readonly door: string;
}

export interface Layout {
  readonly dir: string;
  readonly port: number;
  readonly slots: readonly SlotPlace[];
  readonly fleetFile: string;
  /** What a terminal needs to speak to the Route 53 stand-in. */
  readonly awsEnv: string;
  readonly list: string;
  readonly listKey: string;
  readonly adminToken: string;
  readonly logs: { readonly aws: string; readonly route53: string; readonly fleet: string };
}

/** Makes the folders; the ports are one number each, free on all addresses. */
export async function layOut(dir: string, nodes: number, usualPorts: boolean): Promise<Layout> {
  const addresses = Array.from({ length: nodes }, (_, index) => `127.0.0.${FIRST_HOST + index}`) as [string, ...string[]];
  const pick = async (name: keyof typeof USUAL): Promise<number> => (await pickPort(usualPorts ? USUAL[name] : 0, addresses)).number;
  const ports = { agents: await pick('agents'), health: await pick('health'), admin: await pick('admin') };
  const slots = addresses.map((address, index): SlotPlace => {
    const id = `eu-1${'abcdefgh'.charAt(index)}`;
    const own = join(dir, id);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return {
      ...{ id, address, dir: own, config: join(own, 'pinhole.yaml'), runtime: runtimeFolder(own), log: join(own, 'pinhole.log') },
      health: `http://${address}:${ports.health}`,
      admin: `http://${address}:${ports.admin}`,
      door: `http://${address}:${ports.agents}`,
    };
  });
  return {
    ...{ dir, port: ports.agents, slots },
    fleetFile: join(dir, 'FLEET.yaml'),
    awsEnv: join(dir, 'aws.env'),
    list: join(dir, 'addresses.json'),
    listKey: join(dir, 'list.key'),
    adminToken: join(dir, 'admin.token'),
    logs: { aws: join(dir, 'aws-iot.log'), route53: join(dir, 'route53.log'), fleet: join(dir, 'fleet-run.log') },
  };
}
