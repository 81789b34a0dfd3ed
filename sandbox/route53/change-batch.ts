// A change batch against the records of a zone: all of it or nothing, and every problem of it said at once. Pure.

import { isIPv4, isIPv6 } from 'node:net';
import { ApiError, batchError } from './api/api-error.ts';
import { BATCH_CHARACTERS_MAX, BATCH_RECORDS_MAX, GROUP_MAX } from './limits.ts';
import { isEqualSet, isSameSet, type RecordSet } from './record-set.ts';

export const ACTIONS = ['CREATE', 'DELETE', 'UPSERT'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Change {
  readonly action: Action;
  readonly record: RecordSet;
}

export interface ZoneRecords {
  /** With its closing dot. */
  readonly zone: string;
  readonly records: readonly RecordSet[];
  readonly hasHealthCheck: (id: string) => boolean;
}

/** The records after the batch. */
export function applyBatch({ zone, records, hasHealthCheck }: ZoneRecords, changes: readonly Change[]): RecordSet[] {
  refuseTooLarge(changes);
  for (const { action, record } of changes) {
    const { healthCheckId } = record;
    if (action !== 'DELETE' && healthCheckId !== undefined && !hasHealthCheck(healthCheckId))
      throw new ApiError('NoSuchHealthCheck', `A health check with id ${healthCheckId} does not exist.`);
  }
  const problems: string[] = [];
  let after = [...records];
  const touched: RecordSet[] = [];
  for (const { action, record } of changes) {
    const problem = problemOf(action, record, zone, after, touched);
    if (problem !== null) problems.push(problem);
    else after = applyOne(action, record, after);
    touched.push(record);
  }
  const written = changes.filter(({ action }) => action !== 'DELETE').map(({ record }) => record);
  problems.push(...written.flatMap((record) => conflictOf(record, zone, after) ?? []));
  if (problems.length > 0) throw batchError([...new Set(problems)]);
  return after;
}

function refuseTooLarge(changes: readonly Change[]): void {
  const cost = (of: (record: RecordSet) => number): number =>
    changes.reduce((sum, { action, record }) => sum + of(record) * (action === 'UPSERT' ? 2 : 1), 0);
  if (changes.length === 0) throw new ApiError('InvalidInput', 'Invalid request: a change batch has at least one change');
  if (cost(({ values }) => values.length) > BATCH_RECORDS_MAX)
    throw batchError([`Number of records limit of ${BATCH_RECORDS_MAX} exceeded.`]);
  if (cost(({ values }) => values.join('').length) > BATCH_CHARACTERS_MAX)
    throw batchError([`Number of characters limit of ${BATCH_CHARACTERS_MAX} exceeded.`]);
}

function applyOne(action: Action, record: RecordSet, records: readonly RecordSet[]): RecordSet[] {
  const others = records.filter((other) => !isSameSet(other, record));
  if (action === 'DELETE') return others;
  // Guide, weighted records: the group has one TTL, and the last one that is given wins.
  const ofOneTtl =
    record.weight === undefined ? others : others.map((other) => (isOneGroup(other, record) ? { ...other, ttl: record.ttl } : other));
  return [...ofOneTtl, record];
}

function isOneGroup(a: RecordSet, b: RecordSet): boolean {
  return a.name === b.name && a.type === b.type;
}

function problemOf(
  action: Action,
  record: RecordSet,
  zone: string,
  records: readonly RecordSet[],
  touched: readonly RecordSet[],
): string | null {
  const { name, type, values } = record;
  const found = records.find((other) => isSameSet(other, record));
  if (name !== zone && !name.endsWith(`.${zone}`)) return `RRSet with DNS name ${name} is not permitted in zone ${zone}`;
  if (touched.some((other) => isSameSet(other, record)))
    return `The request contains an invalid set of changes for a resource record set '${type} ${name}'`;
  if (action === 'CREATE' && found) return `Tried to create resource record set ${render(record)} but it already exists`;
  if (action === 'DELETE') {
    if (!found) return `Tried to delete resource record set ${render(record)} but it was not found`;
    if (name === zone && (type === 'SOA' || type === 'NS'))
      return `A HostedZone must contain at least one ${type} record for the zone itself.`;
    return isEqualSet(found, record)
      ? null
      : `Tried to delete resource record set ${render(record)} but the values provided do not match the current values`;
  }
  if (new Set(values).size < values.length)
    return `Duplicate Resource Record: '${values.find((value, at) => values.indexOf(value) !== at)}'`;
  const bad = values.find((value) => !isGoodValue(type, value));
  return bad === undefined ? null : `Invalid Resource Record: FATAL problem: ${fatal(type)} encountered with '${bad}'`;
}

function fatal(type: string): string {
  if (type === 'A') return 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)';
  return type === 'AAAA'
    ? 'AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)'
    : 'InvalidCharacterString (Value should be enclosed in quotation marks)';
}

function isGoodValue(type: string, value: string): boolean {
  if (type === 'A') return isIPv4(value);
  if (type === 'AAAA') return isIPv6(value);
  return type === 'TXT' ? /^".*"$/s.test(value) : value !== '';
}

/** What may not stand beside each other under one name. */
function conflictOf(record: RecordSet, zone: string, records: readonly RecordSet[]): string | null {
  const { name, type } = record;
  const which = `RRSet with DNS name ${name}, type ${type}${record.setIdentifier === undefined ? '' : `, SetIdentifier ${record.setIdentifier}`}`;
  const others = records.filter((other) => other.name === name && !isSameSet(other, record));
  if (type === 'CNAME' && (name === zone || others.some((other) => other.type !== 'CNAME')))
    return `RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zone} or beside other records`;
  if (type !== 'CNAME' && others.some((other) => other.type === 'CNAME'))
    return `RRSet of type ${type} with DNS name ${name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zone}`;

  const group = others.filter((other) => other.type === type);
  const policy = policyOf(record);
  const mixed = group.find((other) => policyOf(other) !== policy);
  if (mixed !== undefined) return `${which} cannot be created because a ${policyOf(mixed)} rrset exists with the same name and type.`;
  if (group.length + 1 > GROUP_MAX) return `${which} cannot be created: at most ${GROUP_MAX} with the same name and type.`;
  return null;
}

function policyOf({ weight, isMultivalue }: RecordSet): string {
  return weight !== undefined ? 'weighted' : isMultivalue === true ? 'multivalue answer' : 'simple';
}

function render({ name, type, setIdentifier }: RecordSet): string {
  return `[name='${name}', type='${type}'${setIdentifier === undefined ? '' : `, set identifier='${setIdentifier}'`}]`;
}
