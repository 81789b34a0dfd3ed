// The control process: composes the control plane from the settings in the runtime folder, and lives as long as the supervisor wants.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ControlPlane } from './control/control-plane.ts';
import { createSayFailed } from './control/look-log.ts';
import { createLog, type LogOptions } from './control/log.ts';
import { ProbeChild, type ProbeDeath } from './control/probe-child.ts';
import { probeJobOf } from './control/probe-job.ts';
import { createAnnounce } from './control/verdict-log.ts';
import type { Clock } from './core/clock.ts';
import { RestingClock } from './core/resting-clock.ts';
import { settingsFile } from './core/runtime-files.ts';
import type { Settings } from './core/settings.ts';
import { VERSION } from './core/version.ts';
import { connectToSupervisor, type Staged } from './supervisor/child.ts';
import { EXIT } from './supervisor/plan.ts';
import { CHILD_OUTPUT_FD, openStandardOutput } from './supervisor/standard-output.ts';

/** The probe judges this node from outside: a program of its own, which knows nothing of what is here. */
const PROBE_ENTRY = fileURLToPath(new URL('../healthcheck/probe/main.ts', import.meta.url));
const LAST_LINES_MS = 500;

export interface ControlOptions {
  readonly runtime: string;
  readonly generation: number;
  /** It waits until the control before it has given the addresses back. */
  readonly isRising: boolean;
  readonly clock: Clock;
  /** It may have its turns so seldom while nothing happens; null where it may not rest. */
  readonly restMs: number | null;
}

/** Resolves with the process's exit code once the supervisor has said stop. */
export async function runControl({ runtime, generation, isRising, clock, restMs }: ControlOptions): Promise<number> {
  const settings = readSettings(settingsFile(runtime, generation));
  const log = createLog({ ...logOptions(settings, generation), stdout: openStandardOutput(CHILD_OUTPUT_FD), clock });
  let stop: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const jobOf = (of: Settings): ReturnType<typeof probeJobOf> | null => of.probe && probeJobOf(runtime, of, of.probe);
  const died = (death: ProbeDeath): void => log.error({ event: 'probe-died', ...death });
  const probe = new ProbeChild({ entry: PROBE_ENTRY, job: jobOf(settings), clock, died });
  const restingClock = new RestingClock(clock, restMs, () => supervisor.rests());
  const plane = new ControlPlane({
    ...{ runtime, settings, clock: restingClock, probe, announce: createAnnounce(log), failed: createSayFailed(log, clock) },
    view: () => supervisor.view(),
  });
  const stage = async (file: string): Promise<Staged> => {
    const next = readSettings(file);
    const prepared = await log.prepare(logOptions(next, generation));
    return {
      policyVersion: next.policyVersion,
      swap: () => {
        prepared.take();
        plane.take(next);
        probe.take(jobOf(next));
      },
      drop: () => prepared.drop(),
    };
  };
  const supervisor = connectToSupervisor({ onStop: () => stop(), onReopenLog: () => log.reopen(), stage }, restingClock);
  const isWanted = !isRising || (await Promise.race([supervisor.warm().then(() => true), told.then(() => false)]));
  if (!isWanted) return EXIT.ok;
  await plane.start();
  supervisor.ready(settings.policyVersion);
  await told;
  await plane.stop();
  await log.close(LAST_LINES_MS);
  return EXIT.ok;
}

function logOptions({ log, node }: Settings, generation: number): LogOptions {
  return { level: log.level, file: log.file, base: { node: node.name, version: VERSION, generation } };
}

function readSettings(file: string): Settings {
  return JSON.parse(readFileSync(file, 'utf8')) as Settings;
}
