// What many tenants come to: CPU of a decision beside that with one tenant.

import { answeredIn } from './press.ts';
import { median } from './median.ts';
import type { DecisionTurn, TenantsSeen } from './tenants.ts';

const TIMES_MOST = 1.2;
/** Of a target that is on no list. */
const DECIDED = '403';

/** Microseconds of CPU, the node's rest included. */
export function decisionUs({ cpuS, asked }: DecisionTurn): number {
  return (cpuS * 1e6) / Math.max(1, answeredIn(asked));
}

export function timesOf({ rounds }: TenantsSeen): number {
  return median(rounds.map(({ one, many }) => decisionUs(many) / decisionUs(one)));
}

/** Why the run is not what is wanted; nothing where it is. */
export function flawsOf(seen: TenantsSeen): string[] {
  const flaws: string[] = [];
  const times = timesOf(seen);
  if (times > TIMES_MOST)
    flaws.push(`a decision among ${seen.tenants} tenants took ${times.toFixed(2)} times the CPU of one with a single tenant`);
  const turns = seen.rounds.flatMap(({ one, many }) => [one, many]);
  const undecided = turns.reduce((sum, { asked }) => sum + asked.asked - (asked.answers[DECIDED] ?? 0), 0);
  if (undecided > 0) flaws.push(`${undecided} requests were not decided as they should be`);
  return flaws;
}

export function renderTenants(seen: TenantsSeen): string {
  const row = (what: string, turns: readonly DecisionTurn[]): string => {
    const all = turns.map(decisionUs).toSorted((a, b) => a - b);
    return `| ${what} | ${median(all).toFixed(1)} (${all[0]?.toFixed(1)} to ${all.at(-1)?.toFixed(1)}) |`;
  };
  return [
    '| tenants | CPU µs of a decision, median (least to most) |',
    '| --- | ---: |',
    row(
      '1',
      seen.rounds.map(({ one }) => one),
    ),
    row(
      `${seen.tenants}`,
      seen.rounds.map(({ many }) => many),
    ),
    '',
    `Median of the rounds’ ratios: × ${timesOf(seen).toFixed(2)} (wanted: at most ${TIMES_MOST}).`,
  ].join('\n');
}
