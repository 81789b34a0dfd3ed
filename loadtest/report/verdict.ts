// Figures held to thresholds. Pure.

import type { RunRecord } from '../run-record.ts';
import type { Threshold } from '../scenario.ts';
import { GENERATORS_OWN } from '../shared/reasons.ts';
import { bypassOf } from './bypass.ts';
import { grouped, percent } from './figure.ts';
import type { Figures } from './figures.ts';
import { GENERATOR_SHARE_MOST } from './load.ts';
import type { Outcome } from './parts.ts';
import { secondsWithinKnee } from './rates.ts';
import { sumOf, tally } from './seen.ts';
import { notStanding } from './standing.ts';
import { unheardOf } from './unheard.ts';

export interface Judged extends Threshold {
  /** Null where there was nothing to judge, or where chance could have it on either side of the bound. */
  readonly isHeld: boolean | null;
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly thresholds: readonly Judged[];
  /** Why it is not a valid run; empty where it is one. */
  readonly invalid: readonly string[];
}

/** A run that is not valid neither passes nor fails, whatever its figures are: they are shown, and prove nothing. */
export function judge(record: RunRecord, figures: Figures): Verdict {
  const thresholds = record.scenario.thresholds.map((threshold) => ({ ...threshold, isHeld: isHeld(threshold, figures) }));
  const invalid = whyInvalid(record, figures, thresholds);
  const isFailed = thresholds.some(({ isHeld: held }) => held === false);
  return { outcome: invalid.length > 0 ? 'not a valid run' : isFailed ? 'fail' : 'pass', thresholds, invalid };
}

function isHeld({ figure, is, value }: Threshold, figures: Figures): boolean | null {
  const { value: got, never, low = got, high = got } = figures[figure];
  if (never) return false;
  if (low === null || high === null) return null;
  const [best, worst] = is === 'at most' ? [low - value, high - value] : [value - high, value - low];
  if (worst <= 0) return true;
  return best > 0 ? false : null;
}

function whyInvalid(record: RunRecord, figures: Figures, thresholds: readonly Judged[]): string[] {
  const why: string[] = [];
  if (record.ended === 'interrupted') why.push('It was interrupted.');
  if (record.ended === 'broken')
    why.push(`A part of the rig could not go on${record.troubles[0] === undefined ? '' : `: ${record.troubles[0]}`}`);
  if (record.seconds.length === 0) why.push('Not one second of it was recorded.');
  if (record.lostTicks > 0) {
    const ticks = record.lostTicks === 1 ? '1 tick of k6 was' : `${grouped(record.lostTicks)} ticks of k6 were`;
    why.push(`${ticks} lost, torn or more than ten seconds late: what failed or was dropped in them is in no figure.`);
  }
  why.push(...unheardOf(record), ...bypassOf(record), ...notStanding(record));
  for (const { at, what, node, isPlanned } of record.marks) {
    if (!isPlanned)
      why.push(`At ${Math.round(at)} s something befell the fleet that nobody asked for: ${what}${node === null ? '' : ` (${node})`}.`);
  }
  const generators = figures.generatorShare.value;
  if (generators !== null && generators > GENERATOR_SHARE_MOST) {
    why.push(
      `Generator-bound: ${figures.generatorShare.words}; beyond ${percent(GENERATOR_SHARE_MOST, 0)} the run measures k6, not the proxy.`,
    );
  }
  const own = tally(secondsWithinKnee(record).map(({ agents }) => agents.failed)).filter(([reason]) => GENERATORS_OWN.has(reason));
  if (own.length > 0) {
    const reasons = own.map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ');
    why.push(`${grouped(sumOf(own, ([, count]) => count))} opens never left k6: ${reasons}; they say nothing of the proxy.`);
  }
  for (const { figure, is, value, isHeld: held } of thresholds) {
    const { value: got, words } = figures[figure];
    if (held !== null) continue;
    if (got === null) why.push(`It could not show ${figure}: ${words}.`);
    else why.push(`It was too short, or too small, to tell whether ${figure} is ${is} ${renderValue(figure, value)}: ${words}.`);
  }
  return why;
}

const SHARES: ReadonlySet<string> = new Set([
  'openSuccess',
  'drainedShare',
  'backAtEnd',
  'messagesAnswered',
  'achievedRate',
  'refusalsWithRetryAfter',
  'generatorShare',
  'memoryGrowthPerHour',
]);
const UNITS: Readonly<Record<string, string>> = {
  drainPace: '×',
  addedP99Us: 'µs',
  besideP99Us: 'µs',
  kibPerSlowReader: 'KiB',
  kibPerTunnel: 'KiB',
  recoveryByQuota: '×',
  descriptorsBackSeconds: 's',
};

/** A figure's value as a reader takes it: shares in percent, and with its unit. */
export function renderValue(figure: string, value: number): string {
  if (SHARES.has(figure)) return trimmed((value * 100).toFixed(3), '%');
  if (Number.isInteger(value)) return [grouped(value), UNITS[figure]].filter(Boolean).join(' ');
  return trimmed(value.toFixed(2), UNITS[figure] ?? '');
}

function trimmed(digits: string, unit: string): string {
  return `${digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits}${unit === '' ? '' : ` ${unit}`}`;
}
