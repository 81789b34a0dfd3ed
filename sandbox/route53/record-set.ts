// Resource record sets: how they are told apart, ordered, read and written. Pure.

import { type Content, listOf, textOf, type Xml } from './api/xml.ts';
import { ApiError } from './api/api-error.ts';

export interface RecordSet {
  /** In lower case, with its closing dot. */
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly weight?: number;
  readonly isMultivalue?: true;
  readonly ttl: number;
  readonly values: readonly string[];
  readonly healthCheckId?: string;
}

const TYPES: ReadonlySet<string> = new Set(['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SPF', 'SRV', 'TXT']);

const TTL_MAX = 2_147_483_647;
const WEIGHT_MAX = 255;
const SET_IDENTIFIER_MAX = 128;

/** Routing policies of Route 53 that are not played here. */
const NOT_HERE = [
  'Region',
  'GeoLocation',
  'Failover',
  'AliasTarget',
  'TrafficPolicyInstanceId',
  'CidrRoutingConfig',
  'GeoProximityLocation',
];

export function fullName(text: string): string {
  const lower = text.toLowerCase();
  return lower.endsWith('.') ? lower : `${lower}.`;
}

export function isSameSet(a: RecordSet, b: RecordSet): boolean {
  return a.name === b.name && a.type === b.type && a.setIdentifier === b.setIdentifier;
}

/** Everything that a DELETE has to repeat. */
export function isEqualSet(a: RecordSet, b: RecordSet): boolean {
  return JSON.stringify(toXml(a)) === JSON.stringify(toXml(b));
}

/** Names by their labels from the last to the first, then type, then set identifier: the order of ListResourceRecordSets. */
export function compareSets(a: Place, b: Place): number {
  return (
    compareLabels(a.name, b.name) || compareText(a.type ?? '', b.type ?? '') || compareText(a.setIdentifier ?? '', b.setIdentifier ?? '')
  );
}

export interface Place {
  readonly name: string;
  readonly type?: string | undefined;
  readonly setIdentifier?: string | undefined;
}

/** As one text with a dot behind each label: so `a-b` stands before `a`, since a hyphen comes before a dot (API, ListResourceRecordSets). */
function compareLabels(a: string, b: string): number {
  const reversed = (name: string): string => `${name.replace(/\.$/, '').split('.').toReversed().join('.')}.`;
  return compareText(reversed(a), reversed(b));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function fromXml(xml: Xml | undefined): RecordSet {
  const missing = (field: string): ApiError =>
    new ApiError('InvalidInput', `Invalid request: Missing field '${field}' in Change with [Name=${textOf(xml, 'Name') ?? 'null'}]`);
  const notHere = NOT_HERE.find((name) => xml?.children.some((child) => child.name === name));
  if (notHere !== undefined) throw new ApiError('InvalidInput', `This stand-in knows no ${notHere}`);

  const name = textOf(xml, 'Name');
  const type = textOf(xml, 'Type') ?? '';
  if (name === undefined || name === '') throw missing('Name');
  if (!TYPES.has(type)) throw new ApiError('InvalidInput', `Value '${type}' at 'resourceRecordSet.type' failed to satisfy constraint`);
  const setIdentifier = textOf(xml, 'SetIdentifier');
  const weight = wholeNumber(textOf(xml, 'Weight'), 'Weight', WEIGHT_MAX);
  const isMultivalue = textOf(xml, 'MultiValueAnswer') === 'true';
  const ttl = wholeNumber(textOf(xml, 'TTL'), 'TTL', TTL_MAX);
  const values = listOf(xml, 'ResourceRecords').map((record) => textOf(record, 'Value') ?? '');
  const healthCheckId = textOf(xml, 'HealthCheckId');
  if (ttl === undefined) throw missing('TTL');
  if (values.length === 0) throw missing('ResourceRecords');
  const policies = Number(weight !== undefined) + Number(isMultivalue);
  if (policies > 0 && setIdentifier === undefined) throw missing('SetIdentifier');
  if (setIdentifier !== undefined && (policies !== 1 || setIdentifier.length < 1 || setIdentifier.length > SET_IDENTIFIER_MAX))
    throw new ApiError('InvalidInput', 'Invalid request: a SetIdentifier goes with exactly one routing policy');
  return {
    name: fullName(name),
    type,
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
    ...(weight === undefined ? {} : { weight }),
    ...(isMultivalue ? { isMultivalue } : {}),
    ttl,
    values,
    ...(healthCheckId === undefined ? {} : { healthCheckId }),
  };
}

function wholeNumber(text: string | undefined, field: string, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new ApiError('InvalidInput', `Value '${text}' at '${field}' failed to satisfy constraint: at most ${max}`);
}

export function toXml(record: RecordSet): Content {
  return {
    Name: record.name,
    Type: record.type,
    SetIdentifier: record.setIdentifier,
    Weight: record.weight,
    MultiValueAnswer: record.isMultivalue,
    TTL: record.ttl,
    ResourceRecords: { ResourceRecord: record.values.map((Value) => ({ Value })) },
    HealthCheckId: record.healthCheckId,
  };
}
