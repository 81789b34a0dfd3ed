// A run in a small file: report.json, which is committed, compared, and what the page and the capacity card are made of. Pure.

import type { Mark, Phase, RunRecord } from '../run-record.ts';
import { type Costs, costsOf } from './costs.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { Fit, Point } from './least-squares.ts';
import { cautionsOf } from './load.ts';
import { soundFit, memoryPoints } from './memory.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { ratesOf } from './rates.ts';
import { recoveriesOf } from './recovery.ts';
import { phaseAt, sumOf, tally, total } from './seen.ts';
import { POINTS_MOST, type Series, seriesOf } from './series.ts';
import { stuckOpens } from './sessions.ts';
import { judge, type Verdict } from './verdict.ts';

export const REPORT = 'pinhole loadtest';
export const FORMAT = 1;

type Kept = Pick<
  RunRecord,
  'scenario' | 'began' | 'ended' | 'troubles' | 'honesty' | 'machine' | 'lostTicks' | 'phases' | 'marks' | 'descriptors'
>;

export interface Summary extends Kept {
  readonly report: typeof REPORT;
  readonly format: typeof FORMAT;
  /** Made up for a test, never run. */
  readonly isSynthetic: boolean;
  readonly verdict: Verdict;
  readonly figures: Figures;
  readonly cautions: readonly string[];
  readonly costs: Costs;
  readonly totals: Totals;
  readonly rates: readonly RateRow[];
  readonly percentiles: readonly PercentileRow[];
  readonly failures: readonly Counted[];
  /** By the close code of the WebSocket. */
  readonly drops: readonly Counted[];
  readonly probe: ProbeSummary | null;
  readonly memory: { readonly points: readonly Point[]; readonly fit: Fit } | null;
  readonly recoveries: readonly RecoverySummary[];
  readonly series: Series;
}

export interface Totals {
  readonly seconds: number;
  readonly mostEstablished: number;
  readonly opened: number;
  readonly failed: number;
  /** Begun, and neither open nor failed when the run ended. */
  readonly stuck: number;
  readonly dropped: number;
  readonly sent: number;
  readonly back: number;
}

export interface RateRow {
  readonly phase: string;
  readonly kind: Phase['kind'];
  readonly askedPerSecond: number;
  readonly achievedPerSecond: number;
  readonly isBeyondKnee: boolean;
}

export interface PercentileRow extends Percentiles {
  readonly of: 'open' | 'dial' | 'connack' | 'round trip';
  /** `all`: the whole run. */
  readonly phase: string;
}

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface ProbeSummary {
  readonly through: Percentiles;
  readonly past: Percentiles;
  readonly missing: NonNullable<RunRecord['probe']>['missing'];
  readonly stages: readonly ({ readonly door: string; readonly stage: string } & Percentiles)[];
  readonly refusals: NonNullable<RunRecord['probe']>['refusals'];
}

export interface RecoverySummary {
  readonly node: string | null;
  readonly at: Mark['at'];
  readonly lost: number;
  readonly seconds: number | null;
  readonly watchedSeconds: number;
  readonly back: readonly Point[];
}

export function summarise(record: RunRecord): Summary {
  const { scenario, began, ended, troubles, honesty, machine, lostTicks, phases, marks, descriptors } = record;
  const figures = figuresOf(record);
  return {
    report: REPORT,
    format: FORMAT,
    isSynthetic: record.isSynthetic ?? false,
    scenario,
    began,
    ended,
    verdict: judge(record, figures),
    figures,
    cautions: cautionsOf(record),
    troubles,
    honesty,
    machine,
    lostTicks,
    phases,
    marks,
    descriptors,
    costs: costsOf(record),
    totals: totalsOf(record),
    rates: ratesOf(record).map(({ phase, ...rate }) => ({ phase: phase.name, kind: phase.kind, ...rate })),
    percentiles: percentileRows(record),
    failures: counted(record.seconds.map(({ agents }) => agents.failed)),
    drops: counted(record.seconds.map(({ agents }) => agents.dropped)),
    probe: probeOf(record),
    memory: memoryOf(record),
    recoveries: recoveriesOf(record).map(({ mark: { node, at }, lost, seconds, watchedSeconds, back }) => ({
      node,
      at,
      lost,
      seconds,
      watchedSeconds,
      back: thinned(back).map(([x, share]) => [x, Number(share.toFixed(4))] as const),
    })),
    series: seriesOf(record),
  };
}

function totalsOf(record: RunRecord): Totals {
  const { seconds } = record;
  return {
    seconds: seconds.length,
    mostEstablished: seconds.reduce((most, { agents }) => Math.max(most, agents.established), 0),
    opened: sumOf(seconds, ({ agents }) => agents.opened),
    failed: sumOf(seconds, ({ agents }) => total(agents.failed)),
    stuck: stuckOpens(record),
    dropped: sumOf(seconds, ({ agents }) => total(agents.dropped)),
    sent: sumOf(seconds, ({ agents }) => agents.sent),
    back: sumOf(seconds, ({ agents }) => agents.back),
  };
}

/** Of the whole run, and of each phase that has any. */
function percentileRows(record: RunRecord): readonly PercentileRow[] {
  const { seconds, phases } = record;
  const parts = phases.map((phase) => ({ name: phase.name, seconds: seconds.filter(({ at }) => phaseAt(phases, at) === phase) }));
  const rows = [{ name: 'all', seconds }, ...parts].flatMap((part) => {
    const agents = part.seconds.map((second) => second.agents);
    const row = (of: PercentileRow['of'], percentiles: Percentiles): PercentileRow => ({ of, phase: part.name, ...percentiles });
    return [
      row('open', percentilesOf(agents.map(({ openUs }) => openUs))),
      row('dial', percentilesOf(agents.map(({ dialUs }) => dialUs))),
      row('connack', percentilesOf(agents.map(({ connackUs }) => connackUs))),
      row('round trip', percentilesOf(agents.map(({ roundTripUs }) => roundTripUs))),
    ];
  });
  return rows.filter(({ count }) => count > 0);
}

function probeOf({ probe }: RunRecord): ProbeSummary | null {
  if (probe === null) return null;
  return {
    through: percentilesOf([probe.throughUs]),
    past: percentilesOf([probe.directUs]),
    missing: probe.missing,
    stages: probe.stages.map(({ door, stage, us }) => ({ door, stage, ...percentilesOf([us]) })),
    refusals: probe.refusals,
  };
}

function memoryOf(record: RunRecord): Summary['memory'] {
  const fit = soundFit(record);
  return fit === null ? null : { points: thinned(memoryPoints(record)).map(([tunnels, kib]) => [tunnels, Math.round(kib)] as const), fit };
}

function counted(counts: readonly Readonly<Record<string, number>>[]): readonly Counted[] {
  return tally(counts).map(([name, count]) => ({ name, count }));
}

/** Evenly, so that the shape stays. */
export function thinned<T>(items: readonly T[], most: number = POINTS_MOST): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)] as T);
}
