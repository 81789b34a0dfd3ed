// How the fleet is: what the file wants, what the zone has, what the checkers say, what the nodes say.

import { renderTable } from '../../proxy/cli/table.ts';
import { desiredRecords, setIdentifierOf } from './desired.ts';
import type { Fleet } from './fleet.ts';
import type { Asked } from './nodes.ts';
import { isHealthy, type Verdict } from './observed.ts';
import { isSettled } from './plan.ts';
import type { Round } from './reconcile.ts';
import { differencesIn } from './render-plan.ts';
import { shareQuota } from './quota.ts';

export interface SlotStatus {
  readonly slot: string;
  readonly role: string;
  readonly address: string;
  /** Since when `fleet drain` has kept its weight at 0. */
  readonly drainedSince: string | null;
  readonly weight: { readonly wanted: number; readonly actual: number | null };
  readonly companion: { readonly wanted: boolean; readonly actual: boolean };
  readonly healthy: boolean | null;
  readonly verdict: Verdict | null;
  readonly opensPerSecondWanted: number;
  readonly node: Asked | null;
}

export interface FleetStatus {
  readonly name: string;
  readonly zone: Round['observed']['zone'];
  readonly settled: boolean;
  readonly slots: readonly SlotStatus[];
  /** What `fleet apply` would do, in words. */
  readonly drift: readonly string[];
}

/** `file` is the fleet as the file says. */
export function statusOf(file: Fleet, { fleet, observed, plan }: Round, asked: ReadonlyMap<string, Asked | null>): FleetStatus {
  const listed = new Set(desiredRecords(fleet).flatMap(({ kind, slot }) => (kind === 'multivalue' ? [slot] : [])));
  const { nodes } = shareQuota(file);
  const slots = fleet.slots.map((slot, index): SlotStatus => {
    const identifier = setIdentifierOf(fleet.owner, slot.id);
    const found = observed.records.filter(({ setIdentifier }) => setIdentifier === identifier);
    const weighted = found.find(({ name }) => name === fleet.name);
    const check = observed.checks.find(({ id }) => id === weighted?.checkId);
    return {
      slot: slot.id,
      role: slot.role,
      address: slot.address,
      drainedSince: slot.drainedSince,
      weight: { wanted: slot.weight, actual: weighted?.weight ?? null },
      companion: { wanted: listed.has(slot.id), actual: found.some(({ name }) => name === fleet.companion) },
      healthy: check === undefined ? null : isHealthy(check),
      verdict: check?.verdict ?? null,
      opensPerSecondWanted: nodes[index]?.opensPerSecond ?? 0,
      node: asked.get(slot.id) ?? null,
    };
  });
  return { name: fleet.name, zone: observed.zone, settled: isSettled(plan), slots, drift: differencesIn(plan) };
}

export function renderStatus(status: FleetStatus): string {
  const head = ['slot', 'role', 'address', 'weight', 'companion', 'checkers', 'node'];
  const rows = status.slots.map((slot) => [
    slot.slot,
    slot.role,
    slot.address,
    `${wantedAndActual(String(slot.weight.wanted), slot.weight.actual === null ? 'no record' : String(slot.weight.actual))}${slot.drainedSince === null ? '' : ', drained'}`,
    wantedAndActual(yesNo(slot.companion.wanted), yesNo(slot.companion.actual)),
    checkers(slot),
    nodeWords(slot.node),
  ]);
  const agreement = status.settled ? ['Zone and file agree.'] : ['Zone and file differ; `fleet apply` would do this:', ...status.drift];
  return `${[`${status.name} in ${status.zone.name} (${status.zone.id})`, renderTable([head, ...rows], ''), ...agreement].join('\n\n')}\n`;
}

function wantedAndActual(wanted: string, actual: string): string {
  return wanted === actual ? wanted : `${actual}, wanted ${wanted}`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function checkers({ healthy, verdict }: SlotStatus): string {
  if (healthy === null || verdict === null) return 'no check';
  if (verdict.checkers === 0) return 'no verdict yet';
  return `${healthy ? 'healthy' : 'unhealthy'}, ${verdict.healthyCheckers} of ${verdict.checkers}`;
}

function nodeWords(asked: Asked | null): string {
  if (asked === null) return '-';
  if ('silent' in asked) return asked.silent;
  const { ready, reasons, tunnels, opensPerSecond, version } = asked.node;
  return `${ready ? 'ready' : `not ready: ${reasons.join(' ')}`}, ${tunnels} tunnels, ${opensPerSecond} opens/s, version ${version}`;
}
