// Starts hostile clients, and gives back how they fared.

import { join } from 'node:path';
import { type HostilePlan, type HostileSummary, STOOD } from '../hostile/orders.ts';
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
    return describeSummary(JSON.parse(said) as HostileSummary, plan.work.kind);
  });
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  summary.catch(() => {});
  return { started, summary };
}

/** Throws where nothing hostile came about: what the good tunnels then did shows nothing. */
function describeSummary(summary: HostileSummary, kind: HostilePlan['work']['kind']): string {
  const words = Object.entries(summary)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
  if (kind === 'slow-readers' && !(STOOD in summary)) throw new Error(`no slow reader had a tunnel: ${words || 'none was tried'}`);
  if (words === '') throw new Error(`of the ${kind} no connection was tried`);
  return words;
}
