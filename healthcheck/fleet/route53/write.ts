// Carries a plan out: checks first, then the records in one batch, and only behind that what nothing hangs on any more.

import {
  type Change,
  ChangeResourceRecordSetsCommand,
  ChangeTagsForResourceCommand,
  CreateHealthCheckCommand,
  DeleteHealthCheckCommand,
  GetChangeCommand,
  type ResourceRecordSet,
  UpdateHealthCheckCommand,
} from '@aws-sdk/client-route-53';
import { type Clock, sleep } from '../../clock.ts';
import type { CheckUpdate } from '../check-plan.ts';
import { checkTags, type DesiredCheck, referenceOf, TAG } from '../desired.ts';
import type { Fleet } from '../fleet.ts';
import type { Zone } from '../observed.ts';
import type { Plan } from '../plan.ts';
import type { RecordChange, TargetRecord } from '../record-plan.ts';
import { FleetTrouble } from '../trouble.ts';
import type { Caller } from './caller.ts';
import { changeableToApi, toApi } from './check-config.ts';
import { asTrouble, nameOf, wasOvertaken } from './failure.ts';

/** Checks of one slot, address and kind that may have been made and deleted before. */
const REFERENCES_MAX = 20;
/** A change is usually everywhere within 60 s (Route 53 API, GetChange). */
const IN_SYNC_WITHIN_MS = 180_000;
const ASK_AGAIN_MS = 2_000;

export interface WriteDeps {
  readonly caller: Caller;
  readonly clock: Clock;
  /** Each step that was taken, in words. */
  readonly report: (step: string) => void;
}

/** The zone was not as it was read: whoever called reads it again and plans again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export async function applyPlan(deps: WriteDeps, fleet: Fleet, zone: Zone, plan: Plan): Promise<void> {
  const made = new Map<string, string>();
  for (const wanted of plan.checks.create) {
    const id = await step(`making the check of ${wanted.slot}`, () => createCheck(deps, fleet, wanted));
    made.set(wanted.slot, id);
    deps.report(`check of ${wanted.slot}: made, ${id}`);
  }
  const toTag = [...made].map(([slot, id]) => ({ slot, id }));
  for (const { slot, id } of [...toTag, ...plan.checks.tag])
    await step(`marking the check ${id} of ${slot}`, () => tagCheck(deps, fleet, slot, id));
  for (const update of plan.checks.update) {
    await step(`changing the check ${update.id} of ${update.slot}`, () => updateCheck(deps, update));
    deps.report(`check of ${update.slot}: changed, ${update.id}`);
  }
  if (plan.records.length > 0) {
    const changes = plan.records.map((change) => toChange(change, made));
    const id = await step('changing the records', () => changeRecords(deps, fleet, zone, changes));
    deps.report(`${changes.length} record${changes.length === 1 ? '' : 's'} changed in one batch`);
    await step('waiting for the change to be everywhere', () => untilInSync(deps, id));
    deps.report('the change is on every name server of the zone');
  }
  for (const { id, slot } of plan.checks.remove) {
    await step(`deleting the check ${id} of ${slot}`, () => deleteCheck(deps, id));
    deps.report(`check of ${slot}: deleted, ${id}`);
  }
}

async function step<T>(tried: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (wasOvertaken(error)) throw new Overtaken(tried, { cause: asTrouble(error, tried) });
    throw asTrouble(error, tried);
  }
}

/**
 * The number at the end of the reference goes up where Route 53 knows the one before it from a check that was deleted: it never forgets, and
 * gives a reference a second time only to the same check.
 */
async function createCheck({ caller }: WriteDeps, fleet: Fleet, wanted: DesiredCheck): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const input = { CallerReference: `${referenceOf(fleet, wanted)}${attempt}`, HealthCheckConfig: toApi(wanted.config) };
    try {
      const { HealthCheck } = await caller.call((client) => client.send(new CreateHealthCheckCommand(input)));
      return HealthCheck?.Id ?? '';
    } catch (error) {
      if (nameOf(error) !== 'HealthCheckAlreadyExists' || attempt === REFERENCES_MAX) throw error;
    }
  }
}

async function tagCheck({ caller }: WriteDeps, fleet: Fleet, slot: string, id: string): Promise<void> {
  const tags = Object.entries(checkTags(fleet, slot)).map(([Key, Value]) => ({ Key, Value }));
  const input = { ResourceType: 'healthcheck' as const, ResourceId: id, AddTags: tags };
  await caller.call((client) => client.send(new ChangeTagsForResourceCommand(input)));
}

/** The slot of this check has its weight again. */
export async function unmarkDrained(caller: Caller, id: string): Promise<void> {
  const input = { ResourceType: 'healthcheck' as const, ResourceId: id, RemoveTagKeys: [TAG.drained] };
  await step(`unmarking the check ${id}`, () => caller.call((client) => client.send(new ChangeTagsForResourceCommand(input))));
}

async function updateCheck({ caller }: WriteDeps, { id, version, after }: CheckUpdate): Promise<void> {
  const input = { HealthCheckId: id, HealthCheckVersion: version, ...changeableToApi(after) };
  await caller.call((client) => client.send(new UpdateHealthCheckCommand(input)));
}

/** Gone already is as good: another reconciler did it. */
async function deleteCheck({ caller }: WriteDeps, id: string): Promise<void> {
  try {
    await caller.call((client) => client.send(new DeleteHealthCheckCommand({ HealthCheckId: id })));
  } catch (error) {
    if (nameOf(error) !== 'NoSuchHealthCheck') throw error;
  }
}

async function changeRecords({ caller }: WriteDeps, fleet: Fleet, zone: Zone, changes: Change[]): Promise<string> {
  const input = { HostedZoneId: zone.id, ChangeBatch: { Comment: `pinhole fleet, owner ${fleet.owner}`, Changes: changes } };
  const { ChangeInfo } = await caller.call((client) => client.send(new ChangeResourceRecordSetsCommand(input)));
  return ChangeInfo?.Id ?? '';
}

async function untilInSync({ caller, clock }: WriteDeps, id: string): Promise<void> {
  const untilMs = clock.nowMs() + IN_SYNC_WITHIN_MS;
  for (;;) {
    const { ChangeInfo } = await caller.call((client) => client.send(new GetChangeCommand({ Id: id })));
    if (ChangeInfo?.Status === 'INSYNC') return;
    if (clock.nowMs() >= untilMs)
      throw new FleetTrouble('ZONE_BUSY', `the change ${id} is still PENDING after ${IN_SYNC_WITHIN_MS / 1_000} s`);
    await sleep(clock, ASK_AGAIN_MS);
  }
}

/** UPSERT for what is made and for what is changed: it can be said twice, when the first answer was lost. */
function toChange({ before, after }: RecordChange, made: ReadonlyMap<string, string>): Change {
  if (after !== null) return { Action: 'UPSERT', ResourceRecordSet: toApiRecord(after, made) };
  return { Action: 'DELETE', ResourceRecordSet: before?.original };
}

function toApiRecord(record: TargetRecord, made: ReadonlyMap<string, string>): ResourceRecordSet {
  const checkId = record.checkId ?? made.get(record.slot);
  return {
    Name: record.name,
    Type: 'A',
    SetIdentifier: record.setIdentifier,
    TTL: record.ttlS,
    ResourceRecords: [{ Value: record.address }],
    ...(record.kind === 'weighted' ? { Weight: record.weight ?? 0 } : { MultiValueAnswer: true }),
    ...(checkId === undefined ? {} : { HealthCheckId: checkId }),
  };
}
