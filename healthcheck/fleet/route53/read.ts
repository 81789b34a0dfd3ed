// Reads what there is: the zone, the records of our two names, and the health checks that carry our mark.

import {
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  type HealthCheck,
  ListHealthChecksCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  ListTagsForResourcesCommand,
  type ResourceRecordSet,
  type RRType,
} from '@aws-sdk/client-route-53';
import { referencePrefix } from '../desired.ts';
import { isZoneId } from '../fields.ts';
import type { Fleet } from '../fleet.ts';
import type { Observed, ObservedCheck, ObservedRecord, Verdict, Zone } from '../observed.ts';
import { FleetTrouble } from '../trouble.ts';
import type { Caller } from './caller.ts';
import { fromApi } from './check-config.ts';
import { asTrouble } from './failure.ts';

/** The most that one page may hold (Route 53 API). */
const CHECKS_PER_PAGE = 100;
const RECORDS_PER_PAGE = 100;
/** Resources that one ListTagsForResources may name (Route 53 API). */
const TAGS_AT_ONCE = 10;

/** All of it or a thrown trouble: half of the picture would be taken for the whole. */
export async function observe(caller: Caller, fleet: Fleet): Promise<Observed> {
  const zone = await named(`finding the zone ${fleet.zone}`, () => findZone(caller, fleet.zone));
  if (!fleet.name.endsWith(`.${zone.name}`)) throw new FleetTrouble('NAME_OUTSIDE_ZONE', `${fleet.name} in ${zone.name}, ${zone.id}`);
  const records: ObservedRecord[] = [];
  for (const name of [fleet.name, fleet.companion])
    records.push(...(await named(`reading the records of ${name}`, () => recordsOf(caller, zone, name))));
  return { zone, records, checks: await named('reading the health checks', () => checksOf(caller, fleet)) };
}

async function named<T>(tried: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asTrouble(error, tried);
  }
}

async function findZone(caller: Caller, wanted: string): Promise<Zone> {
  if (isZoneId(wanted)) {
    const { HostedZone } = await caller.call((client) => client.send(new GetHostedZoneCommand({ Id: wanted })));
    return { id: wanted, name: plainName(HostedZone?.Name) };
  }
  const { HostedZones = [] } = await caller.call((client) => client.send(new ListHostedZonesByNameCommand({ DNSName: wanted })));
  const found = HostedZones.filter((zone) => plainName(zone.Name) === wanted && zone.Config?.PrivateZone !== true);
  const [zone] = found;
  if (zone === undefined) throw new FleetTrouble('ZONE_NOT_FOUND', wanted);
  const ids = found.map(({ Id = '' }) => Id.replace(/^\/hostedzone\//, ''));
  if (ids.length > 1) throw new FleetTrouble('ZONE_AMBIGUOUS', `${wanted}: ${ids.join(', ')}`);
  return { id: ids[0] ?? '', name: wanted };
}

/** From the name on, in the zone's order, until another name comes: a zone may hold 10,000 records. */
async function recordsOf(caller: Caller, zone: Zone, name: string): Promise<ObservedRecord[]> {
  const records: ObservedRecord[] = [];
  let start: { StartRecordName: string; StartRecordType?: RRType; StartRecordIdentifier?: string } = { StartRecordName: name };
  for (;;) {
    const input = { HostedZoneId: zone.id, MaxItems: RECORDS_PER_PAGE, ...start };
    const page = await caller.call((client) => client.send(new ListResourceRecordSetsCommand(input)));
    const ours = (page.ResourceRecordSets ?? []).filter((record) => plainName(record.Name) === name);
    records.push(...ours.map(fromApiRecord));
    if (page.IsTruncated !== true || page.NextRecordName === undefined || plainName(page.NextRecordName) !== name) return records;
    start = {
      StartRecordName: page.NextRecordName,
      ...(page.NextRecordType === undefined ? {} : { StartRecordType: page.NextRecordType }),
      ...(page.NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: page.NextRecordIdentifier }),
    };
  }
}

function fromApiRecord(record: ResourceRecordSet): ObservedRecord {
  return {
    name: plainName(record.Name),
    type: record.Type ?? '',
    setIdentifier: record.SetIdentifier ?? null,
    weight: record.Weight ?? null,
    isMultivalue: record.MultiValueAnswer === true,
    ttlS: record.TTL ?? null,
    values: (record.ResourceRecords ?? []).map(({ Value = '' }) => Value),
    checkId: record.HealthCheckId ?? null,
    original: record,
  };
}

/** Tags are asked for only where the CallerReference begins as ours do; an account has up to 200 checks, and 5 requests a second. */
async function checksOf(caller: Caller, fleet: Fleet): Promise<ObservedCheck[]> {
  const all: HealthCheck[] = [];
  let marker: string | undefined;
  do {
    const input = { MaxItems: CHECKS_PER_PAGE, ...(marker === undefined ? {} : { Marker: marker }) };
    const page = await caller.call((client) => client.send(new ListHealthChecksCommand(input)));
    all.push(...(page.HealthChecks ?? []));
    marker = page.IsTruncated === true ? page.NextMarker : undefined;
  } while (marker !== undefined);

  const ours = all.filter(({ CallerReference = '' }) => CallerReference.startsWith(referencePrefix(fleet.owner)));
  const tags = await tagsOf(
    caller,
    ours.map(({ Id = '' }) => Id),
  );
  const checks: ObservedCheck[] = [];
  for (const { Id = '', CallerReference = '', HealthCheckVersion = 1, HealthCheckConfig } of ours) {
    const verdict = await verdictOf(caller, Id);
    const common = { id: Id, version: HealthCheckVersion, callerReference: CallerReference };
    checks.push({ ...common, config: fromApi(HealthCheckConfig), tags: tags.get(Id) ?? {}, verdict });
  }
  return checks;
}

async function tagsOf(caller: Caller, ids: readonly string[]): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  for (let at = 0; at < ids.length; at += TAGS_AT_ONCE) {
    const input = { ResourceType: 'healthcheck' as const, ResourceIds: ids.slice(at, at + TAGS_AT_ONCE) };
    const { ResourceTagSets = [] } = await caller.call((client) => client.send(new ListTagsForResourcesCommand(input)));
    for (const { ResourceId = '', Tags = [] } of ResourceTagSets)
      found.set(ResourceId, Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));
  }
  return found;
}

async function verdictOf(caller: Caller, id: string): Promise<Verdict> {
  const input = { HealthCheckId: id };
  const { HealthCheckObservations = [] } = await caller.call((client) => client.send(new GetHealthCheckStatusCommand(input)));
  const said = HealthCheckObservations.flatMap(({ StatusReport }) => StatusReport?.Status ?? []);
  return { healthyCheckers: said.filter((status) => status.startsWith('Success')).length, checkers: said.length };
}

/** Names come with a closing dot; and what is not a letter, a digit, a hyphen or an underscore as `\ooo`, which no name of ours has. */
function plainName(name = ''): string {
  return name.toLowerCase().replace(/\.$/, '');
}
