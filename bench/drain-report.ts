// What a drain says in the end: whether its rate held in every second, and how good the times were that it said were left.

import type { DrainLine, DrainSeen } from './drain.ts';

const SECOND_MS = 1_000;
/** Of the time that it really took from there. */
const ETA_OFF_MAX_PERCENT = 15;
/** Shares of the tunnels that are closed; 0 is the first line, before the node settled. */
const MARKS = [0, 0.25, 0.5, 0.75] as const;

/** The most moments that lie in one second, wherever it begins. They are in order. */
export function mostInOneSecond(momentsMs: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [at, moment] of momentsMs.entries()) {
    while ((momentsMs[from] ?? moment) <= moment - SECOND_MS) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

export interface EtaSeen {
  /** Closed by then, in percent. */
  readonly percent: number;
  readonly saidS: number;
  readonly tookS: number;
  /** Above 0: it was done earlier than said. */
  readonly offPercent: number;
}

/** At each mark the first line that said a time. A mark that no line fell behind is left out. */
export function etasOf({ lines, endedMs, tunnels, failed }: DrainSeen): EtaSeen[] {
  const doneMs = endedMs.at(-1);
  if (doneMs === undefined) return [];
  return MARKS.flatMap((mark) => {
    const isAt = ({ etaMs, tunnels: left, phase }: DrainLine): boolean =>
      etaMs !== null && phase !== 'drained' && left <= (1 - mark) * (tunnels - failed);
    const line = lines.find(isAt);
    if (line === undefined) return [];
    const [saidS, tookS] = [(line.etaMs ?? 0) / 1_000, (doneMs - line.atMs) / 1_000];
    return [{ percent: mark * 100, saidS, tookS, offPercent: (saidS / tookS - 1) * 100 }];
  });
}

/** Why the run is not sound; nothing where all was kept. */
export function brokenIn(seen: DrainSeen): string[] {
  const { rate, failed, back, tunnels, tunnelsLeft, ended, failures, cameMs } = seen;
  const broken: string[] = [];
  const most = mostInOneSecond(cameMs);
  if (most > rate) broken.push(`the far end got ${most} connections in one second, more than ${rate}`);
  const etas = etasOf(seen);
  if (etas.length < MARKS.length) broken.push(`only ${etas.length} of ${MARKS.length} times were said; the drain was too short for more`);
  for (const { percent, saidS, tookS, offPercent } of etas)
    if (Math.abs(offPercent) > ETA_OFF_MAX_PERCENT)
      broken.push(`at ${percent} % it said ${saidS.toFixed(1)} s, and took ${tookS.toFixed(1)} s: ${signed(offPercent)} %`);
  if (failed > 0) broken.push(`${failed} tunnels did not open before the drain`);
  if (tunnelsLeft > 0) broken.push(`${tunnelsLeft} tunnels are left`);
  if (ended !== 'ended with 0') broken.push(`the command ${ended}`);
  if (back < tunnels - failed) broken.push(`${tunnels - failed - back} agents did not come back`);
  for (const failure of new Set(failures)) broken.push(`an agent was told: ${failure}`);
  return broken;
}

export function renderDrain(seen: DrainSeen): string {
  const { tunnels, rate, load, lateMs, endedMs, cameMs, back, tunnelsLeft, lines } = seen;
  const seconds = ((endedMs.at(-1) ?? 0) - (endedMs[0] ?? 0)) / SECOND_MS;
  const slowed = lines.find(({ why }) => why !== null)?.why ?? null;
  const rows = [
    ['tunnels, and tunnels a second', `${tunnels}, ${rate}`],
    ['load average when it began', load.toFixed(1)],
    ['first close to last', `${seconds.toFixed(1)} s, ${(Math.max(0, endedMs.length - 1) / Math.max(seconds, 0.001)).toFixed(1)} a second`],
    ['most closes in any one second', `${mostInOneSecond(endedMs)}`],
    ['most connections in any one second, at the far end', `${mostInOneSecond(cameMs)} (wanted: at most ${rate})`],
    ['what counts was late by at most', `${lateMs.toFixed(0)} ms`],
    ...etasOf(seen).map(({ percent, saidS, tookS, offPercent }) => [
      `time left, ${percent === 0 ? 'at first' : `at ${percent} % closed`}: said / took`,
      `${saidS.toFixed(1)} s / ${tookS.toFixed(1)} s, ${signed(offPercent)} % (wanted: within ${ETA_OFF_MAX_PERCENT} %)`,
    ]),
    ['slowed down', slowed === null ? 'never' : slowed],
    ['tunnels left / agents back', `${tunnelsLeft} / ${back}`],
  ];
  return ['| | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}
