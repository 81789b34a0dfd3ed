// What `reload --dry-run` prints: whether the node would take the file, and which open tunnels it would then close.

import { REVOKED, type RevokedGroup } from '../core/revoked.ts';
import type { CarrierSurvey, DryRunResult } from '../core/supervision.ts';
import { renderDuration } from './durations.ts';
import type { CliIo } from './io.ts';
import { renderTable } from './table.ts';

const ROWS_MAX = 40;

/** Over all carriers that said something. */
export interface Counted {
  readonly tunnels: number;
  readonly revoked: number;
  /** The largest first. */
  readonly groups: readonly RevokedGroup[];
}

export function sumSurveys(carriers: readonly CarrierSurvey[]): Counted {
  const groups = new Map<string, RevokedGroup>();
  let tunnels = 0;
  let revoked = 0;
  for (const { survey } of carriers) {
    tunnels += survey?.tunnels ?? 0;
    revoked += survey?.revoked ?? 0;
    for (const group of survey?.groups ?? []) {
      const key = `${group.reason} ${group.tenant} ${group.target}`;
      groups.set(key, { ...group, tunnels: group.tunnels + (groups.get(key)?.tunnels ?? 0) });
    }
  }
  return { tunnels, revoked, groups: [...groups.values()].toSorted((a, b) => b.tunnels - a.tunnels) };
}

export function renderDryRun(result: DryRunResult, io: Pick<CliIo, 'stdout' | 'stderr'>): void {
  const { outcome, file, before, policyVersion, changed, problems, atStart, why } = result;
  const untouched = `nothing was changed; the node goes on by policy version ${before}`;
  for (const problem of problems) io.stderr(`${problem}\n`);
  for (const { key, running, wanted } of atStart) io.stderr(`${key}: ${wanted} takes a start of the node, which runs with ${running}\n`);
  if (outcome === 'bad') io.stderr(`pinhole reload: ${file} has mistakes: it would not be taken; ${untouched}\n`);
  if (outcome === 'at-start') io.stderr(`pinhole reload: it would not be taken; ${untouched}\n`);
  if (outcome === 'failed') io.stderr(`pinhole reload: ${why}; ${untouched}\n`);
  if (outcome === 'unchanged') io.stdout(`nothing new: ${file} is what is in use, policy version ${before}\n`);
  if (outcome !== 'would-take') return;

  const keys = changed.length > 0 ? `: ${changed.join(', ')}` : '';
  io.stdout(`would be taken: policy version ${policyVersion} after ${before}${keys}\n${renderCounted(result)}`);
  for (const { generation, who, why: silent } of result.carriers)
    if (silent !== null) io.stderr(`${who} of generation ${generation} has not counted: ${silent}\n`);
}

function renderCounted({ carriers, revoked: mode, rate }: DryRunResult): string {
  const { tunnels, revoked, groups } = sumSurveys(carriers);
  const counted = carriers.filter(({ survey }) => survey !== null).length;
  const isWhole = counted === carriers.length;
  const open = `${tunnels} open ${tunnels === 1 ? 'tunnel' : 'tunnels'}${isWhole ? '' : ` that ${counted} of ${carriers.length} carriers have counted`}`;
  if (revoked === 0) return `would close none of ${open}\n`;
  const pace = rate === null ? '' : `: ${rate} a second, in ${renderDuration(Math.ceil(revoked / rate) * 1_000)}`;
  const head =
    mode === 'keep'
      ? `would close none of ${open}, since policy.revoked is keep; ${revoked} would not be let in again\n`
      : `would close ${revoked} of ${open}${pace}\n`;
  const rows = groups
    .slice(0, ROWS_MAX)
    .map(({ tunnels: count, tenant, target, reason }) => [String(count), tenant ?? '-', target ?? '-', REVOKED[reason]]);
  const shown = groups.slice(0, ROWS_MAX).reduce((sum, group) => sum + group.tunnels, 0);
  const rest = shown < revoked ? `\n${revoked - shown} more, in smaller groups\n` : '\n';
  return `${head}\n${renderTable([['tunnels', 'tenant', 'target', 'why'], ...rows], '')}${rest}`;
}
