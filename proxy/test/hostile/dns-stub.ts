// A DNS server that records every question and answers as it is told. The few bytes of DNS are written by hand, since half of what it must
// say no library would (RFC 1035 section 4.1).

import dgram from 'node:dgram';
import { once } from 'node:events';

export type RecordType = 'A' | 'AAAA';

export interface Question {
  readonly name: string;
  readonly type: RecordType | 'other';
}

/**
 * `addresses` of the asked type only, under `owner` instead of the name asked for; `silence` never answers; `raw` is given the query and where
 * its question ends, and makes any packets; `later` comes after so many milliseconds.
 */
export type DnsReply =
  | { readonly addresses: readonly string[]; readonly ttl?: number; readonly owner?: string; readonly truncated?: boolean }
  | { readonly rcode: number }
  | { readonly raw: (query: Buffer, questionEnd: number) => readonly Buffer[] }
  | { readonly later: DnsReply; readonly ms: number }
  | 'silence';

export interface DnsStub {
  readonly questions: readonly Question[];
  close(): void;
}

export const RCODE = { servfail: 2, nxdomain: 3, refused: 5 } as const;

const TYPES: Readonly<Record<number, RecordType>> = { 1: 'A', 28: 'AAAA' };
const HEADER_LENGTH = 12;
const TTL_S = 60;

export async function startDnsStub(
  at: { readonly host: string; readonly port: number },
  replyTo: (question: Question) => DnsReply,
): Promise<DnsStub> {
  const questions: Question[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => {
    const asked = readQuestion(query);
    if (!asked) return;
    questions.push(asked.question);
    const send = (reply: DnsReply): void => {
      if (reply !== 'silence' && 'later' in reply) timers.add(setTimeout(send, reply.ms, reply.later));
      else for (const packet of packetsOf(query, asked.end, asked.question, reply)) socket.send(packet, from.port, from.address);
    };
    send(replyTo(asked.question));
  });
  socket.bind(at.port, at.host);
  await once(socket, 'listening');
  return {
    questions,
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
    },
  };
}

/** `end` is where the question section ends. */
export function readQuestion(query: Buffer): { readonly question: Question; readonly end: number } | null {
  const labels: string[] = [];
  let at = HEADER_LENGTH;
  while (at < query.length && query[at] !== 0) {
    const length = query[at] as number;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > query.length) return null;
  return { question: { name: labels.join('.').toLowerCase(), type: TYPES[query.readUInt16BE(at + 1)] ?? 'other' }, end: at + 5 };
}

type Prompt = Exclude<DnsReply, { readonly later: DnsReply }>;

function packetsOf(query: Buffer, questionEnd: number, { type }: Question, reply: Prompt): readonly Buffer[] {
  if (reply === 'silence') return [];
  if ('raw' in reply) return reply.raw(query, questionEnd);
  if ('rcode' in reply) return [renderAnswer(query, questionEnd, { rcode: reply.rcode, records: [] })];
  const { addresses, ttl = TTL_S, owner, truncated = false } = reply;
  const wanted = addresses.filter((address) => (address.includes(':') ? 'AAAA' : 'A') === type);
  const name = owner === undefined ? undefined : renderName(owner);
  return [renderAnswer(query, questionEnd, { records: wanted.map((address) => renderRecord(address, ttl, name)), truncated })];
}

interface AnswerParts {
  readonly rcode?: number;
  readonly records: readonly Buffer[];
  readonly truncated?: boolean;
}

export function renderAnswer(query: Buffer, questionEnd: number, { rcode = 0, records, truncated = false }: AnswerParts): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  query.copy(header, 0, 0, 2);
  // A response, recursion asked for and there.
  header.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER_LENGTH, questionEnd), ...records]);
}

/** Without a name of its own the record's owner is a pointer to the question. */
function renderRecord(address: string, ttl: number, name: Buffer = Buffer.from([0xc0, HEADER_LENGTH])): Buffer {
  const data = addressBytes(address);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(data.length === 4 ? 1 : 28, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

/** An alias from the question's name to another, and from there on. */
export function renderAlias(owner: string, target: string): Buffer {
  const data = renderName(target);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(5, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_S, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([renderName(owner), fixed, data]);
}

function renderName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** Well-formed text only: it comes from the tests themselves. */
function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').flatMap(groupBytes));
  return Buffer.from([...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after]);
}

function groupBytes(group: string): number[] {
  if (group === '') return [];
  if (group.includes('.')) return group.split('.').map(Number);
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
}
