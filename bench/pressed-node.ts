// A node as an operator would run it, with tenants, for whatever presses it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveCommand } from './hold-node.ts';
import type { RunningNode } from './one-node.ts';
import { freePort } from './ports.ts';
import type { Processes } from './processes.ts';
import { waitUntilReady } from './ready.ts';

export interface PressedNode extends RunningNode {
  readonly records: string;
}

export interface PressedPlace {
  readonly folder: string;
  readonly serverName: string;
  readonly carriers: number;
  /** IP:PORT of what is behind it. */
  readonly echo: string;
  /** YAML of `tenants` or `tenantsFile`, and what goes into `limits`. */
  readonly tenants: string;
  readonly limits: string;
}

export async function startPressedNode({ folder, serverName, echo, ...more }: PressedPlace, processes: Processes): Promise<PressedNode> {
  const [port, health, admin] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')] as const;
  const [configPath, records, output] = [join(folder, 'pinhole.yaml'), join(folder, 'records.log'), join(folder, 'output.log')];
  writeFileSync(
    configPath,
    `runtime: ${folder}/run
carriers: ${more.carriers}
listen:
  - { address: "127.0.0.1:${port}", doors: [connect] }
endpoints:
  - { name: bench, data: ${serverName}, ports: [443] }
${more.tenants}
resolve:
  pin: [{ host: ${serverName}, port: 443, to: "${echo}" }]
limits: { ${more.limits} }
probe: off
health: { address: "127.0.0.1:${health}" }
admin: { address: "127.0.0.1:${admin}" }
log: { level: info, file: ${records} }
`,
  );
  const started = await processes.start(serveCommand(configPath), { file: output }, folder);
  await waitUntilReady(started, port, output);
  return { started, port, health, configPath, records };
}
