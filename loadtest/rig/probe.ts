// Starts the probe, and keeps what it says.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { ProbeOrder, ProbeWord } from '../probe/messages.ts';
import type { ProbeSeen } from '../run-record.ts';
import { Child, wordsOf } from './child.ts';
import type { Probe, ProbePlan } from './parts.ts';

const PROGRAM = join(import.meta.dirname, '..', 'probe', 'main.ts');
const PATIENCE_MS = 5_000;
const NOTHING: ProbeSeen = { directUs: [], throughUs: [], stages: [], refusals: [] };

export async function startProbe(settings: ProbePlan): Promise<Probe> {
  const process = fork(PROGRAM, [JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const child = new Child(process);
  const { pid } = process;
  if (pid === undefined) throw new Error(`the probe ${wordsOf(await child.ended)}`);
  let seen = NOTHING;
  let isStopping = false;
  process.on('message', (word: ProbeWord) => (seen = word.seen));
  const failed = child.ended.then((ended): Promise<never> => {
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
      if (process.connected) process.send(order);
      const patience = setTimeout(() => void child.stop(PATIENCE_MS), PATIENCE_MS);
      await child.ended;
      clearTimeout(patience);
      return seen;
    },
  };
}
