// Starts hostile clients, and gives back how they fared.

import { join } from 'node:path';
import { type HostilePlan, type HostileSummary, ASKED, AT_ONCE, ENDED, STOOD, UNCONNECTED } from '../hostile/orders.ts';
import { type Processes, type Started, wordsOf } from './processes.ts';

const PROGRAM = join(import.meta.dirname, '..', 'hostile', 'main.ts');

export interface Hostile {
  readonly started: Started;
  /** In words; after its time, or once it was stopped. Rejects where they did not do what was asked of them. */
  readonly summary: Promise<string>;
}

export function startHostile(plan: HostilePlan, processes: Processes, logFile: string): Hostile {
  const started = processes.start({
    name: `the program of hostile clients (${plan.work.kind})`,
    command: [process.execPath, PROGRAM, JSON.stringify(plan)],
    logFile,
    isSpokenTo: true,
  });
  let said = '';
  started.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const summary = started.ended.then((ended) => {
    if (ended.code !== 0) throw new Error(`${started.name} ${wordsOf(ended)}`);
    return describeSummary(JSON.parse(said) as HostileSummary, plan.work);
  });
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  summary.catch(() => {});
  return { started, summary };
}

/** Less than this of them is not what was asked for. */
const SHARE_LEAST = 0.5;
/** A node answers 50 refusals in a second of one source (limits.perSource.refusalsPerSecond), and while more come it closes them without a word. */
const ANSWERED_LEAST = 50;

/** Throws where what is hostile about them did not come about: what the good tunnels then did shows nothing. */
function describeSummary(summary: HostileSummary, work: HostilePlan['work']): string {
  const words = Object.entries(summary)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
  if (words === '') throw new Error(`of the ${work.kind} no connection was tried`);
  const all = work.kind === 'slow-readers' ? work.count : countOf(summary, () => true);
  for (const [count, what, least] of wantedOf(summary, work.kind, all))
    if (count < least) throw new Error(`of ${all} ${work.kind} ${count} ${what}: ${words}`);
  return words;
}

function wantedOf(
  summary: HostileSummary,
  kind: HostilePlan['work']['kind'],
  all: number,
): readonly (readonly [count: number, what: string, least: number])[] {
  switch (kind) {
    case 'slow-readers':
      return [
        [(summary[STOOD] ?? 0) - (summary[ENDED] ?? 0), 'had a tunnel to the end', all * SHARE_LEAST],
        [summary[ASKED] ?? 0, 'could ask for what they do not read', all * SHARE_LEAST],
      ];
    case 'refused':
      return [
        [countOf(summary, (how) => /^[45]\d\d /.test(how)), 'were answered by a refusal', Math.min(ANSWERED_LEAST, all * SHARE_LEAST)],
        [countOf(summary, (how) => how !== UNCONNECTED), 'came to a node', all * SHARE_LEAST],
      ];
    case 'half-open':
    case 'stalled-head':
      return [[countOf(summary, (how) => how !== UNCONNECTED && !how.endsWith(AT_ONCE)), 'were held for a second', all * SHARE_LEAST]];
  }
}

function countOf(summary: HostileSummary, isOne: (how: string) => boolean): number {
  return Object.entries(summary).reduce((sum, [how, count]) => (isOne(how) ? sum + count : sum), 0);
}
