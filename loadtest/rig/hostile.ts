// Starts hostile clients, and gives back how they fared.

import { join } from 'node:path';
import type { HostilePlan, HostileSummary } from '../hostile/orders.ts';
import type { Processes, Started } from './processes.ts';

const PROGRAM = join(import.meta.dirname, '..', 'hostile', 'main.ts');

export interface Hostile {
  readonly started: Started;
  /** In words; after its time, or once it was stopped. */
  readonly summary: Promise<string>;
}

export function startHostile(plan: HostilePlan, processes: Processes, logFile: string): Hostile {
  const started = processes.start({
    name: `hostile clients (${plan.work.kind})`,
    command: [process.execPath, PROGRAM, JSON.stringify(plan)],
    logFile,
    isSpokenTo: true,
  });
  let said = '';
  started.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  return { started, summary: started.ended.then(({ how }) => describeSummary(said, how)) };
}

function describeSummary(said: string, how: string): string {
  try {
    const summary = JSON.parse(said) as HostileSummary;
    const parts = Object.entries(summary).map(([what, count]) => `${count} ${what}`);
    return parts.length === 0 ? 'none of them got anywhere' : parts.join(', ');
  } catch {
    return `nobody knows: it ${how}`;
  }
}
