// How long it takes until the sessions of a dead node stand again elsewhere.

import type { Mark, RunRecord } from '../run-record.ts';
import { type Figure, grouped, never, seen, unseen } from './figure.ts';
import { closeFrom, plannedMarks } from './seen.ts';

/** What counts as back. */
const BACK = 0.99;
/** Watched for this many times the least that the quota allows, what is not back will not come. */
const WATCHED_LONG_ENOUGH = 3;

export interface Recovery {
  readonly mark: Mark;
  readonly lost: number;
  /** Second after the mark, and the share of what was lost that is back; until all is, or the watch ends. */
  readonly back: readonly (readonly [seconds: number, share: number])[];
  /** Until 99 % are back for good; null where they never were. */
  readonly seconds: number | null;
  readonly watchedSeconds: number;
}

/** One for each planned death of a node that held something. */
export function recoveriesOf(record: RunRecord): readonly Recovery[] {
  return plannedMarks(record, 'kill-node').flatMap((mark) => recoveryOf(record, mark) ?? []);
}

function recoveryOf(record: RunRecord, mark: Mark): Recovery | null {
  const lost = mark.tunnels;
  if (lost === null || lost === 0) return null;
  const end = watchedUntil(record, mark);
  // What a second says of sessions is how many stood at its end: the one in which it happened is already after it.
  const during = Math.floor(mark.at);
  const before = record.seconds.findLast(({ at }) => at < during)?.agents.established;
  const after = record.seconds.filter(({ at }) => at >= during && at < end);
  if (before === undefined || after.length === 0) return null;
  const back = after.map(({ at, agents }) => [at + 1 - mark.at, 1 - (before - agents.established) / lost] as const);
  const lastBelow = back.findLastIndex(([, share]) => share < BACK);
  const isBack = lastBelow < back.length - 1;
  return {
    mark,
    lost,
    back: back.slice(0, lastBelow + 30).map(([at, share]) => [at, Math.min(1, Math.max(0, share))] as const),
    seconds: isBack ? (back[lastBelow + 1]?.[0] ?? 1) : null,
    watchedSeconds: end - mark.at,
  };
}

/** Until the next thing that is done to the fleet, or everybody closes. */
function watchedUntil(record: RunRecord, { at }: Mark): number {
  const next = record.marks.find((mark) => mark.event !== null && mark.at > at)?.at ?? Infinity;
  return Math.min(next, closeFrom(record));
}

/** Of the slowest of them: by lost / quota, the least that AWS IoT allows. */
export function recoveryByQuota(record: RunRecord): Figure {
  const { quota } = record.scenario;
  if (quota === null) return unseen('the far end of this run takes any number of CONNECTs');
  const unknown = plannedMarks(record, 'kill-node').find(({ tunnels }) => tunnels === null);
  if (unknown !== undefined) return unseen(`nobody knows what ${nodeOf(unknown)} held when it was killed: it did not answer`);
  const recoveries = recoveriesOf(record);
  if (recoveries.length === 0) return unseen('no node that held tunnels was killed by plan');
  const open = recoveries.find(({ seconds }) => seconds === null);
  if (open !== undefined) {
    const words = `${nodeOf(open.mark)}: ${grouped(open.lost)} tunnels, of which 99 % were not back within the ${Math.round(open.watchedSeconds)} s that were watched`;
    return open.watchedSeconds >= (WATCHED_LONG_ENOUGH * open.lost) / quota ? never(words) : unseen(words);
  }
  const worst = recoveries
    .map((recovery) => ({ recovery, ratio: byQuota(recovery, quota) }))
    .toSorted((one, other) => other.ratio - one.ratio)[0];
  if (worst === undefined) return unseen('no node was killed');
  const { recovery, ratio } = worst;
  const least = recovery.lost / quota;
  return seen(
    ratio,
    `${nodeOf(recovery.mark)}: 99 % of ${grouped(recovery.lost)} back in ${recovery.seconds} s; at ${quota}/s it takes ${least.toFixed(1)} s at least`,
  );
}

function byQuota({ seconds, lost }: Recovery, quota: number): number {
  return (seconds ?? Infinity) / (lost / quota);
}

function nodeOf({ node }: Mark): string {
  return node ?? 'a node';
}
