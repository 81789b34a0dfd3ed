// The operations of the API that the stand-in plays: a method and a path each, and what they do. Names are IAM's.

import type { Checkers } from '../checkers/checkers.ts';
import { ACTIONS, type Action, type Change } from '../change-batch.ts';
import type { HealthCheckBook } from '../health-check-book.ts';
import { CHECKS_PER_PAGE, RECORDS_PER_PAGE, TAGGED_AT_ONCE } from '../limits.ts';
import { compareSets, fromXml, fullName, type Place, toXml } from '../record-set.ts';
import type { ChangeInfo, HostedZone, ZoneBook } from '../zone-book.ts';
import { ApiError } from './api-error.ts';
import { checkToXml, configFromXml, updateFromXml, wholeNumber } from './check-xml.ts';
import { childOf, type Content, listOf, textOf, type Xml } from './xml.ts';

export interface World {
  readonly zones: ZoneBook;
  readonly checks: HealthCheckBook;
  readonly checkers: Checkers;
  /** The time of the world as a date. */
  readonly dateOf: (worldMs: number) => string;
}

export interface Asked {
  /** What the path's pattern caught. */
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Xml | undefined;
}

export interface Answer {
  readonly status: number;
  /** Name of the document. */
  readonly name: string;
  readonly content: Content;
  readonly location?: string;
}

interface Operation {
  readonly action: string;
  readonly method: string;
  readonly path: RegExp;
  readonly run: (world: World, asked: Asked) => Answer;
}

const ID = '([A-Za-z0-9-]{1,64})';
const at = (path: string): RegExp => new RegExp(`^/2013-04-01${path.replaceAll('ID', ID)}/?$`);

export const OPERATIONS: readonly Operation[] = [
  { action: 'CreateHostedZone', method: 'POST', path: at('/hostedzone'), run: createHostedZone },
  { action: 'ListHostedZones', method: 'GET', path: at('/hostedzone'), run: listHostedZones },
  { action: 'ListHostedZonesByName', method: 'GET', path: at('/hostedzonesbyname'), run: listHostedZonesByName },
  { action: 'GetHostedZone', method: 'GET', path: at('/hostedzone/ID'), run: getHostedZone },
  { action: 'ListResourceRecordSets', method: 'GET', path: at('/hostedzone/ID/rrset'), run: listRecords },
  { action: 'ChangeResourceRecordSets', method: 'POST', path: at('/hostedzone/ID/rrset'), run: changeRecords },
  { action: 'GetChange', method: 'GET', path: at('/change/ID'), run: getChange },
  { action: 'CreateHealthCheck', method: 'POST', path: at('/healthcheck'), run: createHealthCheck },
  { action: 'ListHealthChecks', method: 'GET', path: at('/healthcheck'), run: listHealthChecks },
  { action: 'GetHealthCheck', method: 'GET', path: at('/healthcheck/ID'), run: getHealthCheck },
  { action: 'UpdateHealthCheck', method: 'POST', path: at('/healthcheck/ID'), run: updateHealthCheck },
  { action: 'DeleteHealthCheck', method: 'DELETE', path: at('/healthcheck/ID'), run: deleteHealthCheck },
  { action: 'GetHealthCheckStatus', method: 'GET', path: at('/healthcheck/ID/status'), run: getHealthCheckStatus },
  { action: 'ListTagsForResource', method: 'GET', path: at('/tags/healthcheck/ID'), run: listTags },
  { action: 'ListTagsForResources', method: 'POST', path: at('/tags/healthcheck'), run: listTagsOfMany },
  { action: 'ChangeTagsForResource', method: 'POST', path: at('/tags/healthcheck/ID'), run: changeTags },
];

function createHostedZone({ zones, dateOf }: World, { body }: Asked): Answer {
  const isPrivate = childOf(body, 'VPC') !== undefined;
  const { zone, change } = zones.create(textOf(body, 'Name') ?? '', textOf(body, 'CallerReference') ?? '', isPrivate);
  const content = { ...zoneContent(zone), ChangeInfo: changeToXml(change, dateOf) };
  return { status: 201, name: 'CreateHostedZoneResponse', content, location: `/2013-04-01/hostedzone/${zone.id}` };
}

function listHostedZones({ zones }: World): Answer {
  const content = { HostedZones: { HostedZone: zones.all().map(zoneToXml) }, IsTruncated: false, MaxItems: CHECKS_PER_PAGE };
  return { status: 200, name: 'ListHostedZonesResponse', content };
}

function listHostedZonesByName({ zones }: World, { query }: Asked): Answer {
  const name = query.get('dnsname');
  const maxItems = pageSize(query, CHECKS_PER_PAGE);
  const found = zones.all().filter((zone) => name === null || compareSets(zone, { name: fullName(name) }) >= 0);
  const next = found[maxItems];
  const content = {
    HostedZones: { HostedZone: found.slice(0, maxItems).map(zoneToXml) },
    DNSName: name ?? undefined,
    IsTruncated: next !== undefined,
    NextDNSName: next?.name,
    NextHostedZoneId: next?.id,
    MaxItems: maxItems,
  };
  return { status: 200, name: 'ListHostedZonesByNameResponse', content };
}

function getHostedZone({ zones }: World, { ids: [id = ''] }: Asked): Answer {
  return { status: 200, name: 'GetHostedZoneResponse', content: zoneContent(zones.find(id)) };
}

function listRecords({ zones }: World, { ids: [id = ''], query }: Asked): Answer {
  const name = query.get('name');
  const type = query.get('type') ?? undefined;
  const setIdentifier = query.get('identifier') ?? undefined;
  if (name === null && type !== undefined) throw new ApiError('InvalidInput', 'The request included a type but no name');
  if (type === undefined && setIdentifier !== undefined)
    throw new ApiError('InvalidInput', 'The request included an identifier but no type');
  const place: Place | null = name === null ? null : { name: fullName(name), type, setIdentifier };
  const found = zones.recordsFrom(id, place);
  const maxItems = pageSize(query, RECORDS_PER_PAGE);
  const next = found[maxItems];
  const content = {
    ResourceRecordSets: { ResourceRecordSet: found.slice(0, maxItems).map(toXml) },
    IsTruncated: next !== undefined,
    NextRecordName: next?.name,
    NextRecordType: next?.type,
    NextRecordIdentifier: next?.setIdentifier,
    MaxItems: maxItems,
  };
  return { status: 200, name: 'ListResourceRecordSetsResponse', content };
}

function changeRecords({ zones, dateOf }: World, { ids: [id = ''], body }: Asked): Answer {
  const changes = listOf(childOf(body, 'ChangeBatch'), 'Changes').map((change): Change => {
    const action = textOf(change, 'Action') ?? '';
    if (!(ACTIONS as readonly string[]).includes(action))
      throw new ApiError('InvalidInput', `Value '${action}' at 'action' failed to satisfy constraint: one of ${ACTIONS.join(', ')}`);
    return { action: action as Action, record: fromXml(childOf(change, 'ResourceRecordSet')) };
  });
  const info = zones.change(id, changes);
  return { status: 200, name: 'ChangeResourceRecordSetsResponse', content: { ChangeInfo: changeToXml(info, dateOf) } };
}

function getChange({ zones, dateOf }: World, { ids: [id = ''] }: Asked): Answer {
  return { status: 200, name: 'GetChangeResponse', content: { ChangeInfo: changeToXml(zones.findChange(id), dateOf) } };
}

function createHealthCheck({ checks }: World, { body }: Asked): Answer {
  const { check, isNew } = checks.create(textOf(body, 'CallerReference') ?? '', configFromXml(childOf(body, 'HealthCheckConfig')));
  const location = `/2013-04-01/healthcheck/${check.id}`;
  return { status: isNew ? 201 : 200, name: 'CreateHealthCheckResponse', content: { HealthCheck: checkToXml(check) }, location };
}

function listHealthChecks({ checks }: World, { query }: Asked): Answer {
  const marker = query.get('marker');
  const found = checks.all().filter(({ id }) => marker === null || id >= marker);
  const maxItems = pageSize(query, CHECKS_PER_PAGE);
  const next = found[maxItems];
  const content = {
    HealthChecks: { HealthCheck: found.slice(0, maxItems).map(checkToXml) },
    Marker: marker ?? '',
    IsTruncated: next !== undefined,
    NextMarker: next?.id,
    MaxItems: maxItems,
  };
  return { status: 200, name: 'ListHealthChecksResponse', content };
}

function getHealthCheck({ checks }: World, { ids: [id = ''] }: Asked): Answer {
  return { status: 200, name: 'GetHealthCheckResponse', content: { HealthCheck: checkToXml(checks.find(id)) } };
}

function updateHealthCheck({ checks }: World, { ids: [id = ''], body }: Asked): Answer {
  const check = checks.update(id, wholeNumber(body, 'HealthCheckVersion'), updateFromXml(body));
  return { status: 200, name: 'UpdateHealthCheckResponse', content: { HealthCheck: checkToXml(check) } };
}

function deleteHealthCheck({ checks }: World, { ids: [id = ''] }: Asked): Answer {
  checks.delete(id);
  return { status: 200, name: 'DeleteHealthCheckResponse', content: {} };
}

function getHealthCheckStatus({ checks, checkers, dateOf }: World, { ids: [id = ''] }: Asked): Answer {
  checks.find(id);
  const observations = checkers.observations(id).map(({ region, address, text, checkedMs }) => ({
    Region: region,
    IPAddress: address,
    StatusReport: { Status: text, CheckedTime: dateOf(checkedMs) },
  }));
  const content = { HealthCheckObservations: { HealthCheckObservation: observations } };
  return { status: 200, name: 'GetHealthCheckStatusResponse', content };
}

function listTags({ checks }: World, { ids: [id = ''] }: Asked): Answer {
  return { status: 200, name: 'ListTagsForResourceResponse', content: { ResourceTagSet: tagsToXml(checks, id) } };
}

function listTagsOfMany({ checks }: World, { body }: Asked): Answer {
  const ids = listOf(body, 'ResourceIds').map(({ text }) => text);
  if (ids.length === 0 || ids.length > TAGGED_AT_ONCE) throw new ApiError('InvalidInput', `1 to ${TAGGED_AT_ONCE} ResourceIds are taken`);
  const content = { ResourceTagSets: { ResourceTagSet: ids.map((id) => tagsToXml(checks, id)) } };
  return { status: 200, name: 'ListTagsForResourcesResponse', content };
}

function changeTags({ checks }: World, { ids: [id = ''], body }: Asked): Answer {
  const add = listOf(body, 'AddTags').map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const);
  checks.tag(
    id,
    new Map(add),
    listOf(body, 'RemoveTagKeys').map(({ text }) => text),
  );
  return { status: 200, name: 'ChangeTagsForResourceResponse', content: {} };
}

function pageSize(query: URLSearchParams, most: number): number {
  const text = query.get('maxitems');
  if (text === null) return most;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new ApiError('InvalidInput', `Value '${text}' at 'maxItems' failed to satisfy constraint`);
  return Math.min(most, Number(text));
}

function zoneToXml({ id, name, callerReference, isPrivate, records }: HostedZone): Content {
  return {
    Id: `/hostedzone/${id}`,
    Name: name,
    CallerReference: callerReference,
    Config: { PrivateZone: isPrivate },
    ResourceRecordSetCount: records.length,
  };
}

function zoneContent(zone: HostedZone): { readonly [name: string]: Content } {
  const servers = zone.records.find(({ name, type }) => name === zone.name && type === 'NS')?.values ?? [];
  return {
    HostedZone: zoneToXml(zone),
    DelegationSet: { NameServers: { NameServer: servers.map((server) => server.replace(/\.$/, '')) } },
  };
}

function changeToXml({ id, status, submittedMs }: ChangeInfo, dateOf: World['dateOf']): Content {
  return { Id: `/change/${id}`, Status: status, SubmittedAt: dateOf(submittedMs) };
}

function tagsToXml(checks: HealthCheckBook, id: string): Content {
  const tags = [...checks.find(id).tags].map(([Key, Value]) => ({ Key, Value }));
  return { ResourceType: 'healthcheck', ResourceId: id, Tags: { Tag: tags } };
}
