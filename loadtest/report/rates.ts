// What was asked for in a second, and what came of it.

import type { Phase, RunRecord, Second } from '../run-record.ts';
import type { Step } from '../shared/agent-plan.ts';
import { type Figure, percent, seen, unseen } from './figure.ts';
import { closeFrom, secondsIn, sumOf } from './seen.ts';

export interface Achieved {
  readonly phase: Phase;
  readonly askedPerSecond: number;
  readonly achievedPerSecond: number;
  /** The scenario expects more than the fleet can do. */
  readonly isBeyondKnee: boolean;
}

/** Of the worst phase that is not expected to be beyond the knee. */
export function achievedRate(record: RunRecord): Figure {
  const within = ratesOf(record).filter(({ isBeyondKnee }) => !isBeyondKnee);
  const worst = within.toSorted((one, other) => shareOf(one) - shareOf(other))[0];
  if (worst === undefined) return unseen('no ramp and no step was run to its end');
  const { phase, askedPerSecond, achievedPerSecond } = worst;
  return seen(
    shareOf(worst),
    `${phase.name}: ${achievedPerSecond.toFixed(0)} of ${askedPerSecond.toFixed(0)} a second, ${percent(shareOf(worst), 1)}`,
  );
}

/** Every ramp and step that the record has whole. */
export function ratesOf(record: RunRecord): readonly Achieved[] {
  return record.phases.flatMap((phase) => (isWhole(record, phase) ? (rateOf(record, phase) ?? []) : []));
}

function isWhole({ seconds }: RunRecord, { from, to }: Phase): boolean {
  const last = seconds.at(-1)?.at ?? -1;
  return to > from && last >= to - 1;
}

function rateOf(record: RunRecord, phase: Phase): Achieved | null {
  const length = phase.to - phase.from;
  const seconds = secondsIn(record, phase);
  if (phase.kind === 'ramp') {
    // What stood at the end by what should have: a ramp asks for sessions, and its rate is only the way there.
    const last = seconds.at(-1);
    if (last === undefined || last.agents.wanted === 0) return null;
    const { wanted, established } = last.agents;
    const askedPerSecond = (wanted - wantedBefore(record, phase)) / length;
    return { phase, askedPerSecond, achievedPerSecond: (askedPerSecond * established) / wanted, isBeyondKnee: false };
  }
  if (phase.kind !== 'step' || phase.askedPerSecond === undefined) return null;
  const opens = record.scenario.work.kind === 'opens';
  const done = sumOf(seconds, ({ agents }) => (opens ? agents.opened : agents.back));
  const askedPerSecond = askedHere(record, phase.askedPerSecond);
  return { phase, askedPerSecond, achievedPerSecond: done / length, isBeyondKnee: isBeyondKnee(record, phase) };
}

/** A ramp may have rested half way. */
function wantedBefore({ seconds }: RunRecord, { from }: Phase): number {
  return seconds.findLast(({ at }) => at < from)?.agents.wanted ?? 0;
}

/** Everything before the close, but for the steps in which more is asked than the fleet is expected to do. */
export function secondsWithinKnee(record: RunRecord): readonly Second[] {
  const end = closeFrom(record);
  const beyond = secondsBeyondKnee(record);
  return record.seconds.filter((second) => second.at < end && !beyond.has(second));
}

/** Those steps, with the seconds that they share with others. */
export function secondsBeyondKnee(record: RunRecord): ReadonlySet<Second> {
  const beyond = record.phases.filter((phase) => phase.kind === 'step' && isBeyondKnee(record, phase));
  return new Set(record.seconds.filter(({ at }) => beyond.some(({ from, to }) => from < at + 1 && at < to)));
}

function isBeyondKnee(record: RunRecord, { askedPerSecond }: Phase): boolean {
  return stepsOf(record).find(({ perSecond }) => perSecond === askedPerSecond)?.isBeyondKnee ?? false;
}

/** Of this machine, of what all of them together were asked. */
export function askedHere({ machine }: Pick<RunRecord, 'machine'>, ofAllPerSecond: number): number {
  return ofAllPerSecond / (machine?.of ?? 1);
}

function stepsOf({ scenario: { work } }: RunRecord): readonly Step[] {
  return work.kind === 'ping' ? [] : work.steps;
}

function shareOf({ askedPerSecond, achievedPerSecond }: Achieved): number {
  return askedPerSecond > 0 ? Math.min(1, achievedPerSecond / askedPerSecond) : 1;
}
