// Whether it was the load itself that was measured.

import type { RunRecord, Second } from '../run-record.ts';
import { findScenario } from '../scenarios.ts';
import { type Figure, grouped, percent, seen, unseen } from './figure.ts';
import { ratesOf, secondsBeyondKnee } from './rates.ts';
import { secondsIn, secondsOf, sumOf, tally } from './seen.ts';
import { TITLES } from './titles.ts';

/** A shorter burst is a collection of garbage, or the start of k6. */
const BUSY_FOR_S = 10;
/** Of them; what was skipped is in the second behind it (rig/collector.ts). */
const BUSY_READ_LEAST = 8;
/** Beyond this the numbers are the generators' own (k6, "Running large tests": at most 80 % CPU). */
export const GENERATOR_SHARE_MOST = 0.8;
/** All of the machine: nobody can say any more who held whom up. */
const MACHINE_FULL = 0.95;

const cpuOfK6 = (second: Second): number | null => second.roles['k6']?.cpuSeconds ?? null;

/** The busiest ten seconds on end of k6, by what the machine has, outside of the close, and of steps that ask for more than can be had. */
export function generatorShare(record: RunRecord): Figure {
  const beyond = secondsBeyondKnee(record);
  const busiest = busiestShare(record, (second) => (beyond.has(second) ? null : cpuOfK6(second)));
  if (busiest === null) return unseen(`no ${BUSY_FOR_S} seconds on end have the CPU of k6`);
  const where = beyond.size > 0 ? ', outside of steps beyond the knee' : '';
  return seen(busiest, `k6 took at most ${percent(busiest, 0)} of the machine's CPU over ${BUSY_FOR_S} s${where}`);
}

/** What a reader should know besides, though it makes no run invalid. */
export function cautionsOf(record: RunRecord): readonly string[] {
  const cautions: string[] = [];
  const left = unjudged(record);
  if (left.length > 0) cautions.push(`Not judged in a run of this size or kind: ${left.join('; ')}.`);
  const all = busiestShare(record, ({ roles }) =>
    Object.keys(roles).length === 0 ? null : sumOf(Object.values(roles), ({ cpuSeconds }) => cpuSeconds),
  );
  if (all !== null && all > MACHINE_FULL) {
    cautions.push(
      `All parts together took ${percent(all, 0)} of the machine for ${BUSY_FOR_S} s: latencies then are those of a full machine, and a knee there is the machine's, not the proxy's alone.`,
    );
  }
  const everywhere = busiestShare(record, cpuOfK6);
  if (everywhere !== null && everywhere > GENERATOR_SHARE_MOST && (generatorShare(record).value ?? 0) <= GENERATOR_SHARE_MOST) {
    cautions.push(
      `Beyond the knee k6 took ${percent(everywhere, 0)} of the machine for ${BUSY_FOR_S} s: what was achieved there is as much as k6 could do, and the proxies may do more.`,
    );
  }
  if (record.scenario.work.kind === 'messages' && secondsBeyondKnee(record).size > 0) {
    cautions.push(
      'Beyond the knee a message that is a second late is left out: latencies there, and of the whole run, are of those that were sent.',
    );
  }
  cautions.push(...turnedAway(record));
  const { cores } = record.honesty.machine;
  if (record.honesty.loadBefore > cores / 2) {
    cautions.push(`Other work ran before the run began: a load of ${record.honesty.loadBefore.toFixed(1)} on ${cores} cores.`);
  }
  if (record.honesty.shrunk !== null) cautions.push(record.honesty.shrunk);
  if (!record.honesty.isIsolated)
    cautions.push('No network namespace of its own: ports, TIME_WAIT and socket memory are shared with other programs.');
  return cautions;
}

/** What the scenario asks by itself, and cannot where it is smaller (resize.ts), or of a fleet of others (target-plan.ts). */
function unjudged({ scenario: { name, thresholds } }: RunRecord): readonly string[] {
  const judged = new Set(thresholds.map(({ figure }) => figure));
  const own = findScenario(name)?.thresholds ?? [];
  return own.flatMap(({ figure }) => (judged.has(figure) ? [] : [TITLES[figure]]));
}

/** Of what a step asked; a few by chance say nothing of where its knee is. */
const FULL_MOST = 0.01;

/**
 * What found no room that the plan had made: in k6, or in a node, whose `limits.tunnels` is the plan's where the node is the rig's. In steps beyond
 * the knee, too: there it is what the reader looks for.
 */
function turnedAway(record: RunRecord): readonly string[] {
  if (record.scenario.work.kind !== 'opens') return [];
  const isOwn = (reason: string): boolean => reason === 'generator-full' || (reason === 'NODE_FULL' && !record.honesty.isTarget);
  return ratesOf(record).flatMap(({ phase, askedPerSecond }) => {
    const counts = tally(secondsIn(record, phase).map(({ agents }) => agents.failed)).filter(([reason]) => isOwn(reason));
    const share = sumOf(counts, ([, count]) => count) / (askedPerSecond * (phase.to - phase.from));
    if (share <= FULL_MOST) return [];
    const reasons = counts.map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ');
    return [
      `${phase.name}: ${percent(share, 0)} of what was asked found no room that the rig had made for it (${reasons}): the knee is the rig's own bound there.`,
    ];
  });
}

function busiestShare(record: RunRecord, cpuOf: (second: Second) => number | null): number | null {
  const { cores } = record.honesty.machine;
  if (cores <= 0) return null;
  const read = secondsOf(record, 'ramp', 'rest', 'hold', 'step', 'fault').flatMap((second) => {
    const cpu = cpuOf(second);
    return cpu === null ? [] : [{ at: second.at, cpu }];
  });
  return read.reduce<number | null>((busiest, { at }, index) => {
    const window = read.slice(index, index + BUSY_FOR_S).filter((other) => other.at < at + BUSY_FOR_S);
    if (window.length < BUSY_READ_LEAST) return busiest;
    return Math.max(busiest ?? 0, sumOf(window, ({ cpu }) => cpu) / window.length / cores);
  }, null);
}
