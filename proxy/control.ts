// The control process: composes the control plane from the settings in the runtime folder, and lives as long as the supervisor wants.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ControlPlane } from './control/control-plane.ts';
import { createLog, type Log } from './control/log.ts';
import { ProbeChild } from './control/probe-child.ts';
import { probeJobOf } from './control/probe-job.ts';
import { createAnnounce } from './control/verdict-log.ts';
import type { Clock } from './core/clock.ts';
import { settingsFile } from './core/runtime-files.ts';
import type { Settings } from './core/settings.ts';
import { VERSION } from './core/version.ts';
import { connectToSupervisor } from './supervisor/child.ts';
import { EXIT } from './supervisor/plan.ts';
import { CHILD_OUTPUT_FD, openStandardOutput } from './supervisor/standard-output.ts';

/** The probe judges this node from outside: a program of its own, which knows nothing of what is here. */
const PROBE_ENTRY = fileURLToPath(new URL('../healthcheck/probe/main.ts', import.meta.url));
const LAST_LINES_MS = 500;

export interface ControlOptions {
  readonly runtime: string;
  readonly generation: number;
  readonly clock: Clock;
}

/** Resolves with the process's exit code once the supervisor has said stop. */
export async function runControl({ runtime, generation, clock }: ControlOptions): Promise<number> {
  const settings = JSON.parse(readFileSync(settingsFile(runtime), 'utf8')) as Settings;
  const log = createLog({
    level: settings.log.level,
    file: settings.log.file,
    stdout: openStandardOutput(CHILD_OUTPUT_FD),
    clock,
    base: { node: settings.node.name, version: VERSION, generation },
  });
  let stop: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const supervisor = connectToSupervisor({ onStop: () => stop(), onReopenLog: () => log.reopen() }, clock);
  const plane = new ControlPlane({
    runtime,
    settings,
    clock,
    announce: createAnnounce(log),
    probe: probeOf(runtime, settings, log, clock),
  });
  await plane.start();
  supervisor.ready();
  await told;
  await plane.stop();
  await log.close(LAST_LINES_MS);
  return EXIT.ok;
}

function probeOf(runtime: string, settings: Settings, log: Log, clock: Clock): ProbeChild | null {
  if (settings.probe === null) return null;
  const job = probeJobOf(runtime, settings, settings.probe);
  return new ProbeChild({ entry: PROBE_ENTRY, job, clock, died: (death) => log.error({ event: 'probe-died', ...death }) });
}
