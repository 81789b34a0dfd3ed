// A DNS question to its answer, as the zone's name servers would give it. Pure.

import type { Answer, DecodedPacket, Packet, Question } from 'dns-packet';
import { AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE } from 'dns-packet';
import { fullName, type RecordSet } from '../record-set.ts';
import { chooseRecords } from './choose.ts';

export interface ZoneView {
  /** With its closing dot. */
  readonly name: string;
  readonly records: readonly RecordSet[];
}

export interface AnswerDeps {
  readonly zones: readonly ZoneView[];
  readonly isHealthy: (record: RecordSet) => boolean;
  readonly random: () => number;
}

const RCODE = { noError: 0, formErr: 1, nxDomain: 3, notImp: 4, refused: 5 } as const;

const RECURSION_DESIRED = 0x100;
const OPCODE_MASK = 0x78_00;

export interface Reply {
  readonly packet: Packet;
  /** dns-packet keeps the code in the flags. */
  readonly rcode: number;
}

/** Null where there is nothing to answer to: an answer, or a packet without a question. */
export function answer(query: DecodedPacket, deps: AnswerDeps): Reply | null {
  if (query.type !== 'query') return null;
  const flags = query.flags ?? 0;
  const [question, ...more] = query.questions ?? [];
  if ((flags & OPCODE_MASK) !== 0) return reply(query, RCODE.notImp, {});
  if (question === undefined || more.length > 0) return reply(query, RCODE.formErr, {});

  const name = fullName(question.name);
  const zone = deps.zones
    .filter((candidate) => name === candidate.name || name.endsWith(`.${candidate.name}`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (zone === undefined || (question.class ?? 'IN') !== 'IN') return reply(query, RCODE.refused, {});

  const ofName = zone.records.filter((record) => record.name === name);
  const wanted = ofName.filter(({ type }) => type === question.type || type === 'CNAME');
  const chosen = chooseRecords(wanted, deps.isHealthy, deps.random);
  if (chosen.length > 0) {
    // Guide: answers of one group have one TTL; where records of multivalue answers differ, resolvers take the least.
    const ttl = Math.min(...chosen.map((record) => record.ttl));
    return reply(query, RCODE.noError, {
      answers: chosen.flatMap((record) => record.values.map((value) => toAnswer(question, record, value, ttl))),
    });
  }
  // A name above others is there, though nothing is said of it (RFC 8020).
  const isThere = ofName.length > 0 || zone.records.some((record) => record.name.endsWith(`.${name}`));
  return reply(query, isThere ? RCODE.noError : RCODE.nxDomain, { authorities: soaOf(zone) });
}

function reply(query: DecodedPacket, rcode: number, sections: Pick<Packet, 'answers' | 'authorities'>): Reply {
  const flags = AUTHORITATIVE_ANSWER | ((query.flags ?? 0) & (RECURSION_DESIRED | OPCODE_MASK)) | rcode;
  const isEdns = (query.additionals ?? []).some(({ type }) => type === 'OPT');
  const additionals: Answer[] = isEdns
    ? [{ type: 'OPT', name: '.', udpPayloadSize: 1_232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }]
    : [];
  return { packet: { type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], ...sections, additionals }, rcode };
}

/** What does not fit is left out, and the client told to ask by TCP (RFC 2181 section 9). */
export function truncated({ packet, rcode }: Reply): Reply {
  return { packet: { ...packet, flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE, answers: [], authorities: [] }, rcode };
}

function toAnswer(question: Question, { type }: RecordSet, value: string, ttl: number): Answer {
  const common = { name: question.name, class: 'IN' as const, ttl };
  const plain = value.replace(/\.$/, '');
  switch (type) {
    case 'A':
    case 'AAAA':
      return { ...common, type, data: value };
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { ...common, type, data: plain };
    case 'MX': {
      const [preference = '0', exchange = ''] = value.split(/\s+/);
      return { ...common, type, data: { preference: Number(preference), exchange: exchange.replace(/\.$/, '') } };
    }
    case 'SOA':
      return { ...common, type, data: soaData(value) };
    default:
      return { ...common, type: 'TXT', data: [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '') };
  }
}

/** RFC 2308 section 3: how long the absence may be remembered. */
function soaOf({ name, records }: ZoneView): Answer[] {
  const soa = records.find((record) => record.type === 'SOA');
  if (soa === undefined) return [];
  return [{ name: name.replace(/\.$/, ''), type: 'SOA', class: 'IN', ttl: soa.ttl, data: soaData(soa.values[0] ?? '') }];
}

function soaData(value: string) {
  const [mname = '', rname = '', serial, refresh, retry, expire, minimum] = value.split(/\s+/);
  const bare = (text: string): string => text.replace(/\.$/, '');
  return {
    mname: bare(mname),
    rname: bare(rname),
    serial: Number(serial),
    refresh: Number(refresh),
    retry: Number(retry),
    expire: Number(expire),
    minimum: Number(minimum),
  };
}
