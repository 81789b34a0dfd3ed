// A plan as people read it, and as programs do.

import { renderTable } from '../../proxy/cli/table.ts';
import { type CheckField, differences } from './check-plan.ts';
import type { CheckConfig } from './desired.ts';
import { type Fleet, secondsToLeaveDns } from './fleet.ts';
import type { ObservedRecord } from './observed.ts';
import { isSettled, type Plan } from './plan.ts';
import { shareQuota } from './quota.ts';
import type { Round } from './reconcile.ts';
import type { RecordChange, TargetRecord } from './record-plan.ts';

/** `fleet` as the file says: what nodes may open does not change for the time of a drain. */
export function renderPlan(fleet: Fleet, { observed, plan, fleet: drained }: Round): string {
  const sections = [
    `${fleet.name} and ${fleet.companion} in the zone ${observed.zone.name} (${observed.zone.id}), owner ${fleet.owner}`,
    ...differencesIn(plan),
    ...drainedIn(drained),
    ...(isSettled(plan) ? ['Nothing to change: zone and file agree.'] : []),
    renderBudget(fleet),
  ];
  return `${sections.join('\n\n')}\n`;
}

function drainedIn({ slots }: Fleet): string[] {
  const lines = slots.flatMap(({ id, drainedSince }) =>
    drainedSince === null ? [] : [`. ${id}  drained since ${drainedSince}; \`fleet undrain ${id}\` gives it its weight again`],
  );
  return lines.length === 0 ? [] : [section('Drained, so without weight', lines)];
}

/** What separates the zone from the file, a section for each kind. */
export function differencesIn(plan: Plan): string[] {
  return [
    section(
      'Not ours, so nothing is changed',
      plan.conflicts.map((conflict) => `! ${conflict}`),
    ),
    section('Health checks', checkLines(plan)),
    section('Records, in one batch', plan.records.map(recordLine)),
    section(
      'Held back',
      plan.heldBack.map(({ slot, how, why }) => `${how === 'waits' ? '.' : '!'} ${slot} ${how}: ${why}`),
    ),
  ].filter((text) => text !== '');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function checkLines({ checks }: Plan): string[] {
  return [
    ...checks.create.map(({ slot, config }) => `+ ${slot}  ${checkWords(config)}`),
    ...checks.update.map(
      ({ slot, before, after }) =>
        `~ ${slot}  ${differences(before, after)
          .map((field) => step(field, before, after))
          .join(', ')}`,
    ),
    ...checks.tag.map(({ slot, id }) => `~ ${slot}  tags of ${id}`),
    ...checks.remove.map(({ slot, id, why }) => `- ${slot}  ${id}: ${why}`),
  ];
}

function checkWords({ type, address, port, path, search, intervalS, threshold }: CheckConfig): string {
  const where = `${type.split('_')[0]?.toLowerCase()} ${address}:${port}${path ?? ''}`;
  return `${where}${search === null ? '' : ` holds ${JSON.stringify(search)}`}, every ${intervalS} s, threshold ${threshold}`;
}

function step(field: CheckField, before: CheckConfig, after: CheckConfig): string {
  return `${field} ${String(before[field] ?? 'none')} -> ${String(after[field] ?? 'none')}`;
}

function recordLine({ name, setIdentifier, before, after }: RecordChange): string {
  const which = `${name} ${setIdentifier}`;
  if (after === null) return `- ${which}  ${before === null ? '' : recordWords(valuesOf(before))}`;
  const to = valuesOf(after);
  if (before === null) return `+ ${which}  ${recordWords(to)}`;
  const from = valuesOf(before);
  const changed = Object.keys(to).filter((key) => from[key] !== to[key]);
  return `~ ${which}  ${changed.map((key) => `${key} ${from[key] ?? 'none'} -> ${to[key] ?? 'none'}`).join(', ')}`;
}

type Values = Readonly<Record<string, string | null>>;

function valuesOf(record: ObservedRecord | TargetRecord): Values {
  const address = 'address' in record ? record.address : record.values.join(' ');
  const checkId = record.checkId ?? ('address' in record ? 'new' : null);
  return { address, weight: record.weight === null ? null : String(record.weight), ttl: String(record.ttlS), check: checkId };
}

function recordWords({ address, weight, ttl }: Values): string {
  return `${address}${weight === null ? '' : ` weight ${weight}`} ttl ${ttl}`;
}

function renderBudget(fleet: Fleet): string {
  const { nodes, closesPerSecond } = shareQuota(fleet);
  const rows = fleet.slots.map(({ id, role, address, weight }, index) => [
    id,
    role,
    address,
    String(weight),
    String(nodes[index]?.opensPerSecond ?? ''),
  ]);
  return [
    renderTable([['slot', 'role', 'address', 'weight', 'limits.opensPerSecond'], ...rows], ''),
    '',
    `A dead node is out of DNS in at most ${secondsToLeaveDns(fleet.check, fleet.ttlS)} s.`,
    `Planned work may close ${closesPerSecond} tunnels a second, over all nodes together.`,
  ].join('\n');
}

/** The same facts for a program. */
export function planJson(fleet: Fleet, { observed, plan, fleet: drained }: Round): object {
  return {
    name: fleet.name,
    companion: fleet.companion,
    zone: observed.zone,
    settled: isSettled(plan),
    drained: drained.slots.flatMap(({ id, drainedSince }) => (drainedSince === null ? [] : [{ slot: id, since: drainedSince }])),
    checks: plan.checks,
    records: plan.records.map(({ slot, name, setIdentifier, before, after }) => ({
      slot,
      name,
      setIdentifier,
      before: before === null ? null : valuesOf(before),
      after: after === null ? null : valuesOf(after),
    })),
    withdraws: plan.withdraws,
    heldBack: plan.heldBack,
    conflicts: plan.conflicts,
    leaveDnsSeconds: secondsToLeaveDns(fleet.check, fleet.ttlS),
    ...shareQuota(fleet),
  };
}
