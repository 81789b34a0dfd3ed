// What a tunnel costs in memory, and whether memory grows while nothing else does.

import { CALM_S, LOOK_S } from '../rest.ts';
import type { Phase, RunRecord, Second } from '../run-record.ts';
import { estimated, type Figure, percent, unseen } from './figure.ts';
import { type Fit, fitLevels, fitLine, type Point } from './least-squares.ts';
import { kindAt, secondsIn, secondsOf, tunnelsOfAll } from './seen.ts';

/** Fewer tunnels than this cost less than what a process takes and gives back by itself. */
const TUNNELS_APART = 500;
/** Growth over a shorter hold is what a garbage collector makes of it. */
const HOLD_LEAST_S = 120;

/** Tunnels and KiB of anonymous memory of the proxies, second by second, from the start to the first fault or the close. */
export function memoryPoints(record: RunRecord): readonly Point[] {
  const { through } = record.scenario;
  if (through === 'direct') return [];
  const end = record.seconds.find(({ at }) => ['fault', 'close'].includes(kindAt(record.phases, at) ?? ''))?.at ?? Infinity;
  return record.seconds
    .filter(({ at }) => at < end)
    .flatMap((second) => {
      const tunnels = heldBy(through, second);
      const kib = second.roles[through]?.userKib ?? null;
      return tunnels === null || kib === null ? [] : [[tunnels, kib] as const];
    });
}

/** Only Pinhole says itself what it holds; another proxy holds what the agents have. Memory is of all nodes, so tunnels have to be. */
function heldBy(through: string, second: Second): number | null {
  if (through !== 'pinhole') return second.agents.established;
  return tunnelsOfAll(second);
}

/** By its levels where the ramp has rested, else by the line through all seconds. */
function memoryFit(record: RunRecord): Fit | null {
  const rest = record.phases.find(({ kind }) => kind === 'rest');
  return rest === undefined ? lineFit(record) : levelFit(record, rest);
}

interface Level {
  readonly tunnels: number;
  readonly carriersKib: readonly number[];
  /** Of all processes. */
  readonly allKib: number;
}

function levelFit(record: RunRecord, rest: Phase): Fit | null {
  const hold = record.phases.find(({ kind, from }) => kind === 'hold' && from > rest.from);
  const lower = levelIn(record, rest);
  const upper = hold === undefined ? null : levelIn(record, hold);
  if (lower === null || upper === null) return null;
  const fit = fitLevels(lower.carriersKib, upper.carriersKib, upper.tunnels - lower.tunnels);
  return fit === null ? null : { ...fit, intercept: lower.allKib - fit.slope * lower.tunnels };
}

/** Each process at its lowest while what the ramp has left is collected, and before more has piled up. */
function levelIn(record: RunRecord, { from, to }: Phase): Level | null {
  const { through } = record.scenario;
  const end = from + CALM_S + LOOK_S;
  const seconds = end > to ? [] : secondsIn(record, { from: from + CALM_S, to: end });
  const last = seconds.at(-1);
  const tunnels = last === undefined ? null : heldBy(through, last);
  const all = seconds.flatMap(({ roles }) => roles[through]?.userKib ?? []);
  if (last === undefined || tunnels === null || all.length === 0) return null;
  const read = seconds.map(({ carriersKib }) => carriersKib).filter(({ length }) => length === last.carriersKib.length);
  return {
    tunnels,
    carriersKib: last.carriersKib.map((_, index) => Math.min(...read.map((kib) => kib[index] ?? Infinity))),
    allKib: Math.min(...all),
  };
}

function lineFit(record: RunRecord): Fit | null {
  const points = memoryPoints(record);
  const fewest = points.reduce((least, [tunnels]) => Math.min(least, tunnels), Infinity);
  const most = points.reduce((greatest, [tunnels]) => Math.max(greatest, tunnels), 0);
  return most - fewest < TUNNELS_APART ? null : fitLine(points);
}

/** The same where the slope can be told from none at all: a few thousand tunnels cost less than what a garbage collector gives back. */
export function soundFit(record: RunRecord): Fit | null {
  const fit = memoryFit(record);
  return fit !== null && fit.low > 0 ? fit : null;
}

export function kibPerTunnel(record: RunRecord): Figure {
  if (record.scenario.through === 'direct') return unseen('there is no proxy in this run');
  const fit = memoryFit(record);
  if (fit === null)
    return unseen(
      `a slope needs 12 seconds with memory and tunnels, and ${TUNNELS_APART} tunnels between the fewest and the most; where the ramp rests, three carriers that are the same in the rest and in the hold`,
    );
  const { slope, low, high, points } = fit;
  const of = record.scenario.restSeconds > 0 ? `${points} carriers, with half of the tunnels and with all` : `${points} seconds`;
  const words = `${slope.toFixed(2)} KiB, 95 % sure within ${low.toFixed(2)} to ${high.toFixed(2)}, of ${of}`;
  return low > 0
    ? estimated(slope, fit, words)
    : unseen(`the slope is lost in what processes take and give back by themselves (${words}): hold more tunnels`);
}

/** Anonymous memory against time, over the holds alone; by what it was at their beginning. */
export function memoryGrowth(record: RunRecord): Figure {
  const { through } = record.scenario;
  if (through === 'direct') return unseen('there is no proxy in this run');
  const points = secondsOf(record, 'hold').flatMap(({ at, roles }): Point[] => {
    const kib = roles[through]?.userKib ?? null;
    return kib === null ? [] : [[at, kib]];
  });
  const [from, to] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  if (to - from < HOLD_LEAST_S) return unseen(`growth takes a hold of ${HOLD_LEAST_S} s at least; this one had ${to - from}`);
  const fit = fitLine(points);
  if (fit === null) return unseen('too few seconds of the hold have the memory of the nodes');
  const start = fit.intercept + fit.slope * from;
  if (!(start > 0)) return unseen('the nodes had no memory to grow from');
  const hourly = (slope: number): number => (slope * 3_600) / start;
  return estimated(
    hourly(fit.slope),
    { low: hourly(fit.low), high: hourly(fit.high) },
    `${percent(hourly(fit.slope), 1)} an hour, 95 % sure within ${percent(hourly(fit.low), 1)} to ${percent(hourly(fit.high), 1)}, from ${Math.round((to - from) / 60)} min of hold`,
  );
}
