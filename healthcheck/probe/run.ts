// The probe as it goes on: a round at once, then by the schedule, never two at a time and never all nodes in the same moment.

import type { Clock } from '../clock.ts';
import { bySchedule } from '../schedule.ts';
import type { ProbeJob } from './contract.ts';
import { runRound, type RoundVerdict } from './round.ts';
import { readVerdict, writeVerdict } from './verdict-file.ts';

/** Of the start of each round, by chance. */
const JITTER_MS = 3_000;
/** The carriers may be starting too. */
const FIRST_AFTER_MS = 1_000;
/** So many runs may be missed, and the last may take its time, before a verdict counts no more. */
const MISSED_RUNS = 3;
const ROUND_MS = 60_000;

export interface ProbeDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** One line for whoever reads the node's log. */
  readonly complain: (line: string) => void;
}

export interface RunningProbe {
  stop(): Promise<void>;
}

export function startProbe(job: ProbeJob, { clock, random, complain }: ProbeDeps): RunningProbe {
  let last: RoundVerdict | null = readVerdict(job.file, clock.nowMs());
  let running: Promise<void> | null = null;

  const round = async (): Promise<void> => {
    try {
      last = await runRound(job, last, { clock, tls: job.tls, login: job.login });
      writeVerdict(job.file, { ...last, atMs: clock.nowMs(), goodForMs: goodForMs() });
    } catch (error) {
      complain(`probe: ${String(error)}\n`);
    }
  };
  // Also against the first round, of which the schedule knows nothing.
  const once = (): Promise<void> => {
    running ??= round().finally(() => {
      running = null;
    });
    return running;
  };
  const rounds = bySchedule(job.schedule, { clock, random, jitterMs: JITTER_MS }, once);
  const goodForMs = (): number => {
    const after = rounds.nextRuns(MISSED_RUNS).at(-1);
    return (after === undefined ? 0 : Math.max(0, after.getTime() - clock.wallMs())) + ROUND_MS;
  };
  const cancelFirst = clock.after(FIRST_AFTER_MS + random() * JITTER_MS, () => void once());
  return {
    async stop() {
      cancelFirst();
      rounds.stop();
      await running;
    },
  };
}
