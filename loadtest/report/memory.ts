// What a tunnel costs in memory, and whether memory grows while nothing else does.

import { FLOOR_SECONDS } from '../floors.ts';
import type { Phase, RunRecord, Second } from '../run-record.ts';
import { type Figure, percent, seen, unseen } from './figure.ts';
import { type Fit, fitLevels, fitLine, type Point } from './least-squares.ts';
import { kindAt, secondsOf, tunnelsOf } from './seen.ts';

/** Fewer tunnels than this cost less than what a process takes and gives back by itself. */
const TUNNELS_APART = 500;
/** After a ramp its last opens are still being cleared away. */
const SETTLE_S = 29;
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
  return Object.values(second.nodes).includes(null) ? null : tunnelsOf(second);
}

/** By its floors where the ramp has rested, else by the line through all seconds. */
function memoryFit(record: RunRecord): Fit | null {
  const rest = record.phases.find(({ kind }) => kind === 'rest');
  if (rest === undefined) return lineFit(record);
  const half = floorsIn(record, rest);
  const all = record.phases.filter(({ kind }) => kind === 'hold').flatMap((phase) => floorsIn(record, phase));
  return fitLevels(half, all);
}

/** One for every `FLOOR_SECONDS` of a phase in which the number of tunnels stays as it is, each of other seconds. */
function floorsIn(record: RunRecord, { from, to }: Phase): Point[] {
  const { through } = record.scenario;
  const floors: Point[] = [];
  for (let end = from + SETTLE_S + FLOOR_SECONDS; end <= to; end += FLOOR_SECONDS) {
    const second = record.seconds.findLast(({ at }) => at < end);
    const tunnels = second === undefined ? null : heldBy(through, second);
    const kib = second?.roles[through]?.floorKib ?? null;
    if (tunnels !== null && kib !== null) floors.push([tunnels, kib]);
  }
  return floors;
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
      `a slope needs 12 seconds with memory and tunnels, and ${TUNNELS_APART} tunnels between the fewest and the most; of a ramp that rests, a rest and three times as long a hold of ${FLOOR_SECONDS + SETTLE_S + 1} s`,
    );
  const { slope, low, high, points } = fit;
  const of = record.scenario.restSeconds > 0 ? `${points} floors of ${FLOOR_SECONDS} s` : `${points} seconds`;
  const words = `${slope.toFixed(2)} KiB, 95 % sure within ${low.toFixed(2)} to ${high.toFixed(2)}, of ${of}`;
  return low > 0
    ? seen(slope, words)
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
  return seen(
    hourly(fit.slope),
    `${percent(hourly(fit.slope), 1)} an hour, 95 % sure within ${percent(hourly(fit.low), 1)} to ${percent(hourly(fit.high), 1)}, from ${Math.round((to - from) / 60)} min of hold`,
  );
}
