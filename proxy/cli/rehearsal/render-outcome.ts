// What `rehearse` prints for people.

import { renderTable } from '../table.ts';
import { UNKNOWN, type Unknown } from './judge-recorded.ts';
import type { Difference, Outcome } from './outcome.ts';

const ROWS_MAX = 50;

const HEADS: Readonly<Record<Difference, string>> = {
  refused: 'Allowed before, refused now',
  allowed: 'Refused before, allowed now',
  'other-reason': 'Refused for another reason now',
};

export function renderOutcome(outcome: Outcome, policyVersion: string, logs: number): string {
  const { lines, decisions, same, ifProven, differing, unknown, unreadable } = outcome;
  const differ = Object.values(differing).reduce((sum, count) => sum + count, 0);
  const open = Object.values(unknown).reduce((sum, count) => sum + count, 0);
  const head = `${decisions} decisions in ${lines} lines of ${logs === 1 ? '1 log' : `${logs} logs`}, before policy version ${policyVersion}: ${same} alike, ${differ} otherwise, ${open} not to be judged`;
  const parts = [
    head,
    ...(Object.keys(HEADS) as Difference[]).filter((difference) => differing[difference] > 0).map((one) => renderGroups(outcome, one)),
    ...(outcome.ungrouped > 0 ? [`${outcome.ungrouped} more, of so many targets that they are not told apart`] : []),
    ...(open > 0 ? [renderUnknown(unknown)] : []),
    ...(ifProven > 0 ? [`${ifProven} of those alike take it that a tenant comes with its right token or certificate again.`] : []),
    ...(unreadable > 0 ? [`${unreadable} lines cannot be read as records.`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function renderGroups({ differing, groups }: Outcome, difference: Difference): string {
  const of = groups.filter((group) => group.difference === difference);
  const rows = of
    .slice(0, ROWS_MAX)
    .map(({ decisions, target, tenant, before, now }) => [String(decisions), target ?? '-', tenant ?? '-', before, now ?? 'no such door']);
  const more = of.length > ROWS_MAX ? `\n  and ${of.length - ROWS_MAX} rows more; --json has them` : '';
  const table = renderTable([['decisions', 'target', 'tenant', 'before', 'now'], ...rows]);
  return `${HEADS[difference]}: ${differing[difference]}\n${table}${more}`;
}

function renderUnknown(unknown: Outcome['unknown']): string {
  const rows = (Object.keys(UNKNOWN) as Unknown[])
    .filter((why) => unknown[why] > 0)
    .map((why) => [String(unknown[why]), why, UNKNOWN[why]]);
  return `Not to be judged by what a record says\n${renderTable(rows)}`;
}
