// Every raw row, at every door that it is meant for, against one node: what was seen at once, and what the node's own records say about it
// once it has ended. One row after the other, so that whatever a tripwire or the resolver sees belongs to one row.

import type net from 'node:net';
import { type Answer, type Door, speak } from './door-client.ts';
import { exchange, secureInside } from './exchange.ts';
import { CREDENTIALS, DATA, GATEWAY_NAME, MARK_OF_SECRETS, TENANT_LOGIN } from './fixture.ts';
import { describe, judgeAnswer, judgeRefusal } from './judge-answer.ts';
import type { LogLine, NodeProcess } from './node-process.ts';
import type { HostileRow } from './rows.ts';
import type { Doors, World } from './world.ts';

export interface Case {
  readonly row: HostileRow;
  readonly door: keyof Doors;
  /** An address that nobody else comes from, and the canary's behind it. */
  readonly source: string;
  readonly canarySource: string;
}

export interface Outcome {
  readonly problems: string[];
  answer: Answer | null;
}

const DOORS_OF: Readonly<Record<string, readonly (keyof Doors)[]>> = { plain: ['clear', 'tls'], gw: ['gateway'], any: ['clear'] };
/** More than the buffers of one tunnel, and several TLS records. */
const ROW_BYTES = 300_000;
const CANARY_BYTES = 2_000;

/** The rows about credentials are for a node on which somebody has some. */
export function needsTenants(row: HostileRow): boolean {
  return row.stage === 'auth';
}

export function casesOf(rows: readonly HostileRow[]): Case[] {
  return rows
    .flatMap((row) => (DOORS_OF[row.door] ?? []).map((door) => ({ row, door })))
    .map((one, index) => ({ ...one, source: addressOf(10, index), canarySource: addressOf(100, index) }));
}

function addressOf(block: number, index: number): string {
  return `127.${block}.${(index + 1) >> 8}.${(index + 1) & 255}`;
}

export async function runCase(one: Case, world: World, doors: Doors): Promise<Outcome> {
  const { row, door } = one;
  const outcome: Outcome = { problems: [], answer: null };
  const before = { hits: world.tripwires.hits.length, asked: world.dns.questions.length, dialled: world.upstream.connections };
  try {
    outcome.answer = await speak(doors[door], one.source, row.bytes);
    await judgeLive(one, outcome.answer, world, outcome.problems);
  } catch (error) {
    outcome.problems.push((error as Error).message);
  } finally {
    outcome.answer?.socket.destroy();
  }
  judgeBystanders(world, before, outcome);
  await sendCanary(one, world, doors.clear, outcome.problems);
  return outcome;
}

async function judgeLive({ row, door }: Case, answer: Answer, world: World, problems: string[]): Promise<void> {
  const problem = judgeAnswer(row.expected, answer);
  if (problem !== null) return void problems.push(problem);
  if (answer.bytes.includes(MARK_OF_SECRETS)) problems.push('a secret is in the answer');
  if (answer.kind !== 'open') return;
  if (door === 'gateway') return useGateway(row, answer, world);
  // Other clients than browsers take this very line for a tunnel, and nothing else (AWS CRT).
  if (answer.bytes.toString('latin1') !== 'HTTP/1.1 200 Connection established\r\n\r\n')
    problems.push(`not the one 200: ${describe(answer)}`);
  const serverName = /^CONNECT c9d8/i.test(row.input) ? CREDENTIALS : DATA;
  const heard = await exchange(await secureInside(answer.socket, { serverName, ca: world.upstreamCa }), world.upstream, ROW_BYTES);
  if (heard.serverName !== serverName) problems.push(`the upstream was asked for ${heard.serverName}`);
}

/** Throws what is wrong. */
async function useGateway(row: HostileRow, answer: Answer, world: World): Promise<void> {
  if (answer.status !== 101) throw new Error(`not 101: ${describe(answer)}`);
  const heard = await exchange(answer.socket, world.upstream, ROW_BYTES);
  const lines = heard.head?.split('\r\n') ?? [];
  const asked = row.bytes.toString('latin1').split('\r\n')[0];
  if (lines[0] !== asked) throw new Error(`upstream got another request line: ${lines[0]}`);
  const hosts = lines.filter((line) => /^host:/i.test(line));
  if (hosts.length !== 1 || !/^host: (\S+)$/i.test(hosts[0] ?? '') || hosts[0]?.slice(6) !== DATA)
    throw new Error(`Host upstream: ${hosts.join(' | ')}`);
  const told = lines.find((line) => /^(x-forwarded-|forwarded:|x-real-ip:|via:|proxy-)/i.test(line) || line.includes(GATEWAY_NAME));
  if (told !== undefined) throw new Error(`upstream was told ${told}`);
  if (heard.serverName !== DATA) throw new Error(`TLS upstream asked for ${heard.serverName}`);
}

interface Before {
  readonly hits: number;
  readonly asked: number;
  readonly dialled: number;
}

/** Nobody else may have noticed: no tripwire, no resolver, no upstream, but for the one that a served row is for. */
function judgeBystanders(world: World, before: Before, { problems, answer }: Outcome): void {
  for (const hit of world.tripwires.hits.slice(before.hits)) problems.push(`tripwire: ${hit}`);
  const asked = world.dns.questions.slice(before.asked);
  const dialled = world.upstream.connections - before.dialled;
  if (answer?.kind === 'open') {
    if (dialled !== 1) problems.push(`${dialled} connections to the upstream instead of one`);
    for (const { name } of asked) if (name !== DATA && name !== CREDENTIALS) problems.push(`DNS was asked for ${name}`);
    return;
  }
  if (dialled !== 0) problems.push(`${dialled} connections to the upstream`);
  for (const { name, type } of asked) problems.push(`DNS was asked for ${name} ${type}`);
}

/** A good client right behind the row, from elsewhere. */
async function sendCanary({ row, canarySource }: Case, world: World, door: Door, problems: string[]): Promise<void> {
  let socket: net.Socket | null = null;
  const login = needsTenants(row) ? `Proxy-Authorization: Basic ${Buffer.from(TENANT_LOGIN).toString('base64')}\r\n` : '';
  try {
    const answer = await speak(door, canarySource, Buffer.from(`CONNECT ${DATA}:443 HTTP/1.1\r\nHost: ${DATA}:443\r\n${login}\r\n`));
    socket = answer.socket;
    if (answer.kind !== 'open') throw new Error(describe(answer));
    await exchange(await secureInside(socket, { serverName: DATA, ca: world.upstreamCa }), world.upstream, CANARY_BYTES);
  } catch (error) {
    problems.push(`canary: ${(error as Error).message}`);
  } finally {
    socket?.destroy();
  }
}

/** What the node wrote about a case; only after the node has ended is it certain that there is no second line. */
export function judgeRecords(one: Case, { answer, problems }: Outcome, node: NodeProcess): void {
  const decisions = node.records('decision', one.source);
  const closes = node.records('close', one.source);
  const [decision] = decisions;
  if (decisions.length !== 1 || !decision) problems.push(`${decisions.length} decision records`);
  else problems.push(...faultsInDecision(decision, answer));
  const wanted = answer?.kind === 'open' ? 1 : 0;
  if (closes.length !== wanted) problems.push(`${closes.length} close records instead of ${wanted}`);
  if (node.records('decision', one.canarySource).filter(isAllow).length !== 1) problems.push('canary: not one decision OK');
  if (node.records('close', one.canarySource).length !== 1) problems.push('canary: not one close record');
}

function faultsInDecision(decision: LogLine, answer: Answer | null): string[] {
  const { reason } = decision;
  if (typeof reason !== 'string' || !/^[A-Z][A-Z_]+$/.test(reason)) return [`reason ${JSON.stringify(reason)}`];
  if (answer === null) return [];
  if (answer.kind === 'open') return isAllow(decision) ? [] : [`served, and recorded as ${reason}`];
  const faults = isAllow(decision) ? ['refused, and recorded as allowed'] : [];
  if (decision['upstream_ip'] !== null) faults.push(`refused, and dialled ${String(decision['upstream_ip'])}`);
  const refusal = judgeRefusal(answer, decision);
  return refusal === null ? faults : [...faults, refusal];
}

function isAllow(decision: LogLine): boolean {
  return decision['allow'] === true && decision['reason'] === 'OK';
}
