// FLEET.yaml's text to a Fleet, or to every problem in it. Opens nothing: files it names come through `readFile`.

import type { Environment } from '../../proxy/config/document.ts';
import { Files } from '../../proxy/config/files.ts';
import { fieldOf, listAt, type Part, partOf } from '../../proxy/config/part.ts';
import { inOrder, type Problem, Report } from '../../proxy/config/problem.ts';
import { readStrictly, withoutRepeats } from '../../proxy/config/read-strictly.ts';
import { readSecret } from '../../proxy/config/secret.ts';
import { classifyAddress } from '../../proxy/policy/address-class.ts';
import { isZoneId } from './fields.ts';
import { type CheckSettings, companionOf, type Fleet, LEAVE_DNS_BELOW_S, secondsToLeaveDns } from './fleet.ts';
import { type CheckEntry, type FleetFile, fleetSchema, type Role, type SlotEntry } from './schema.ts';

export type LoadedFleet = { readonly fleet: Fleet; readonly warnings: Problem[] } | { readonly problems: Problem[] };

const WEIGHT_OF_ROLE: Readonly<Record<Role, number>> = { active: 100, canary: 10, spare: 0 };

/** RFC 1035 section 2.3.4. */
const LABEL_LENGTH_MAX = 63;

/** `file` is the path of the text: paths in it are relative to its folder. */
export function loadFleet(text: string, file: string, env: Environment, readFile: (path: string) => string): LoadedFleet {
  const read = readStrictly(text, env, { schema: fleetSchema, example: 'name:, zone: and slots:' });
  if ('problems' in read) return read;
  const { document, found, value } = read;

  const report = new Report(document);
  const files = new Files(file, readFile, report);
  judge(document.value, report);
  const tokens = listAt(document.value, 'slots').map((item, index) => {
    const { token } = partOf(slotSchema, item).entry;
    return readSecret(token, ['slots', index, 'token'], files, report);
  });
  const problems = withoutRepeats(document.problems, [...found, ...report.problems]);
  if (value === null || problems.length > 0) return { problems: inOrder(problems) };

  const fleet = fleetOf(value, tokens);
  warn(fleet, report);
  return { fleet, warnings: inOrder(report.warnings) };
}

const slotSchema = fleetSchema.shape.slots.element;
const checkSchema = fleetSchema.shape.check.unwrap();
const guardSchema = fleetSchema.shape.guard.unwrap();

/** Everything that takes more than one key to judge; runs also where other keys are wrong. */
function judge(value: unknown, report: Report): void {
  const top = partOf(fleetSchema, value).entry;
  const slots = listAt(value, 'slots').map((item) => partOf(slotSchema, item));
  judgeName(top.name, top.zone, report);
  if (top.ttl !== undefined && top.ttl % 1_000 !== 0) report.problem(['ttl'], 'expected whole seconds: DNS knows no shorter ones');
  judgeCheck(partOf(checkSchema, fieldOf(value, 'check') ?? {}), report);
  judgeSlots(slots, partOf(guardSchema, fieldOf(value, 'guard') ?? {}).entry.minWeight, report);
}

function judgeName(name: string | undefined, zone: string | undefined, report: Report): void {
  if (name === undefined) return;
  const [first = ''] = companionOf(name).split('.');
  if (first.length > LABEL_LENGTH_MAX) report.problem(['name'], `the companion name would have a label of ${first.length} characters`);
  if (zone === undefined || isZoneId(zone)) return;
  if (name === zone) report.problem(['name'], 'the zone itself: its companion name would be outside of it; take a name below');
  else if (!name.endsWith(`.${zone}`)) report.problem(['name'], `not in the zone ${zone}`);
}

function judgeCheck({ entry }: Part<CheckEntry>, report: Report): void {
  if (entry.protocol !== 'tcp') return;
  for (const key of ['path', 'search'] as const) {
    if (entry[key] !== undefined) report.problem(['check', key], 'a tcp check asks for nothing; leave it out, or take http');
  }
}

function judgeSlots(slots: readonly Part<SlotEntry>[], minWeight: number | undefined, report: Report): void {
  for (const key of ['id', 'address'] as const) {
    const seen = new Map<string, number>();
    for (const [index, { entry }] of slots.entries()) {
      const text = entry[key];
      if (text === undefined) continue;
      const first = seen.get(text);
      if (first === undefined) seen.set(text, index);
      else report.problem(['slots', index, key], `${text} is the ${key} of slots[${first}] already`);
    }
  }
  for (const [index, { entry }] of slots.entries()) {
    if (entry.role === 'spare' && (entry.weight ?? 0) > 0)
      report.problem(['slots', index, 'weight'], 'a spare has weight 0; make it active to give it agents');
    if (entry.token !== undefined && entry.admin === undefined)
      report.problem(['slots', index, 'token'], 'a token for no address: admin is missing');
  }
  if (slots.length === 0 || slots.some(({ isWhole }) => !isWhole)) return;
  const total = slots.reduce((sum, { entry }) => sum + weightOf(entry), 0);
  if (total === 0) report.problem(['slots'], 'no slot has a weight: Route 53 would then give all of them the same');
  else if (minWeight !== undefined && minWeight > total)
    report.problem(['guard', 'minWeight'], `more than all slots together have, which is ${total}`);
}

function weightOf({ weight, role }: { readonly weight?: number | undefined; readonly role?: Role | undefined }): number {
  return weight ?? WEIGHT_OF_ROLE[role ?? 'active'];
}

function fleetOf(file: FleetFile, tokens: readonly (string | null)[]): Fleet {
  return {
    name: file.name,
    companion: companionOf(file.name),
    zone: file.zone,
    ttlS: file.ttl / 1_000,
    owner: file.owner,
    quota: file.quota,
    guard: file.guard,
    check: checkOf(file.check),
    slots: file.slots.map((entry, index) => ({
      id: entry.id,
      address: entry.address,
      weight: weightOf(entry),
      role: entry.role,
      admin: entry.admin ?? null,
      token: tokens[index] ?? null,
      drainedSince: null,
    })),
  };
}

function checkOf({ protocol, port, path, search, interval, threshold }: CheckEntry): CheckSettings {
  const asks = protocol !== 'tcp';
  return {
    protocol,
    port,
    path: asks ? (path ?? '/ready') : null,
    search: asks ? (search ?? 'ready') : null,
    intervalS: interval === '10s' ? 10 : 30,
    threshold,
  };
}

/** Ranges in which no checker of Route 53 reaches anything. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(['private', 'loopback', 'link-local', 'metadata', 'cgnat', 'multicast', 'unspecified']);

function warn(fleet: Fleet, report: Report): void {
  const seconds = secondsToLeaveDns(fleet.check, fleet.ttlS);
  if (seconds >= LEAVE_DNS_BELOW_S)
    report.warning(['check'], `a dead node may stay in DNS for ${seconds} s; with 10s, threshold 3 and ttl 60s it is 108 s`);
  for (const [index, { address }] of fleet.slots.entries()) {
    const kind = classifyAddress(address);
    if (OUT_OF_REACH.has(kind)) report.warning(['slots', index, 'address'], `${address} is ${kind}: Route 53 cannot check it`);
  }
  if (!fleet.slots.some(({ role }) => role === 'spare'))
    report.warning(['slots'], 'no spare: to replace a node, its address has to move, and that cuts every tunnel on it');
}
