// Starts the probe, and keeps what it says.

import { join } from 'node:path';
import type { ProbeOrder, ProbeWord } from '../probe/messages.ts';
import type { ProbeSeen } from '../run-record.ts';
import type { Probe, ProbePlan } from './parts.ts';
import { type Processes, wordsOf } from './processes.ts';

const PROGRAM = join(import.meta.dirname, '..', 'probe', 'main.ts');
const PATIENCE_MS = 5_000;
const NOTHING: ProbeSeen = { directUs: [], throughUs: [], missing: { past: 0, through: 0, afterMs: 0 }, stages: [], refusals: [] };

export async function startProbe(settings: ProbePlan, processes: Processes): Promise<Probe> {
  const command = [process.execPath, PROGRAM, JSON.stringify(settings)] as const;
  const started = processes.start({ name: 'the probe', command, heard: () => false, hasChannel: true });
  const { pid, child } = started;
  if (pid === 0) throw new Error(`the probe ${wordsOf(await started.ended)}`);
  let seen = NOTHING;
  let isStopping = false;
  child.on('message', (word: ProbeWord) => (seen = word.seen));
  const failed = started.ended.then((ended): Promise<never> => {
    if (isStopping) return new Promise(() => {});
    throw new Error(`the probe ${wordsOf(ended)}`);
  });
  // Whoever waits for it hears of it; until somebody does it must not end the process.
  failed.catch(() => {});
  return {
    pid,
    failed,
    stop: async () => {
      isStopping = true;
      const order: ProbeOrder = { order: 'stop' };
      if (child.connected) child.send(order);
      const patience = setTimeout(() => void processes.stop(started, PATIENCE_MS), PATIENCE_MS);
      await started.ended;
      clearTimeout(patience);
      return seen;
    },
  };
}
