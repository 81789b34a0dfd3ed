// What many tenants cost a decision: one node that knows one tenant and one that knows thousands are asked the same, in alternation, for a target that is on
// no list. So each request is read, its token compared, its target judged, and nothing is dialled.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds } from './measure.ts';
import { allAccept } from './one-node.ts';
import { type Asked, PressProgram } from './press.ts';
import { type PressedNode, startPressedNode } from './pressed-node.ts';
import { buildPress } from './programs.ts';
import type { Processes } from './processes.ts';

/** As many heads for each node, so that what they weigh by themselves is the same. */
const HEADS = 10_000;
const TARGET = 'not-on-the-list.example:443';
/** Nobody is turned away before the decision. */
const LIMITS = 'tunnels: 1000, perSource: { pending: 10000, refusalsPerSecond: 100000 }';

export interface TenantsRun {
  readonly folder: string;
  readonly serverName: string;
  readonly tenants: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly tell: (line: string) => void;
}

export interface DecisionTurn {
  /** CPU of all processes of the node. */
  readonly cpuS: number;
  readonly asked: Asked;
}

export interface TenantsSeen {
  readonly tenants: number;
  readonly rounds: readonly { readonly one: DecisionTurn; readonly many: DecisionTurn }[];
}

export async function compareTenants(run: TenantsRun, processes: Processes): Promise<TenantsSeen> {
  const program = buildPress(run.folder);
  const one = await startSide(run, { name: 'one', tenants: 1 }, program, processes);
  const many = await startSide(run, { name: 'many', tenants: run.tenants }, program, processes);
  // The first requests are the compiler's.
  for (const side of [one, many]) await ask(run, side);
  const rounds = [];
  for (let round = 0; round < run.rounds; round += 1) {
    const turns = { one: await ask(run, one), many: await ask(run, many) };
    rounds.push(turns);
    run.tell(`${round + 1}: ${turns.one.cpuS.toFixed(2)} s of CPU, then ${turns.many.cpuS.toFixed(2)} s`);
  }
  return { tenants: run.tenants, rounds };
}

interface Side {
  readonly node: PressedNode;
  readonly crowd: PressProgram;
}

async function startSide(
  run: TenantsRun,
  { name, tenants }: { readonly name: string; readonly tenants: number },
  program: string,
  processes: Processes,
): Promise<Side> {
  const folder = join(run.folder, name);
  mkdirSync(folder);
  const known = Array.from({ length: tenants }, (_, index) => ({ id: `customer-${index}`, token: randomBytes(24).toString('base64url') }));
  const tenantsFile = join(folder, 'tenants.json');
  const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
  writeFileSync(tenantsFile, JSON.stringify(known.map(({ id, token }) => ({ id, tokens: [`sha256:${digest(token)}`] }))));
  const requestFile = join(folder, 'requests');
  writeFileSync(requestFile, headsOf(known));
  const place = {
    folder,
    serverName: run.serverName,
    carriers: 1,
    echo: '127.0.0.1:9',
    tenants: `tenantsFile: ${tenantsFile}`,
    limits: LIMITS,
  };
  const node = await startPressedNode(place, processes);
  await allAccept(node);
  return { node, crowd: await PressProgram.start(processes, { program, port: node.port, from: '127.0.3.1', sources: 1, requestFile }) };
}

/** In an order of chance: one behind the other in memory would be what no day of agents is. */
function headsOf(known: readonly { readonly id: string; readonly token: string }[]): string {
  const chance = randomBytes(HEADS * 4);
  return Array.from({ length: HEADS }, (_, index) => {
    const { id = '', token = '' } = known[chance.readUInt32LE(index * 4) % known.length] ?? {};
    const basic = Buffer.from(`${id}:${token}`).toString('base64');
    return `CONNECT ${TARGET} HTTP/1.1\r\nHost: ${TARGET}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`;
  }).join('');
}

async function ask({ perSecond, seconds }: TenantsRun, { node, crowd }: Side): Promise<DecisionTurn> {
  const before = cpuSeconds(node.started.pid);
  const asked = await crowd.ask(perSecond, seconds);
  return { cpuS: cpuSeconds(node.started.pid) - before, asked };
}
