// The control process: composes the control plane from the settings in the runtime folder, and lives as long as the supervisor wants.

import { readFileSync } from 'node:fs';
import { ControlPlane } from './control/control-plane.ts';
import type { Clock } from './core/clock.ts';
import { settingsFile } from './core/runtime-files.ts';
import type { Settings } from './core/settings.ts';
import { connectToSupervisor } from './supervisor/child.ts';
import { EXIT } from './supervisor/plan.ts';

/** Resolves with the process's exit code once the supervisor has said stop. */
export async function runControl({ runtime, clock }: { readonly runtime: string; readonly clock: Clock }): Promise<number> {
  const settings = JSON.parse(readFileSync(settingsFile(runtime), 'utf8')) as Settings;
  let stop: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const supervisor = connectToSupervisor({ onStop: () => stop() }, clock);
  const plane = new ControlPlane({ runtime, settings, clock });
  await plane.start();
  supervisor.ready();
  await told;
  await plane.stop();
  return EXIT.ok;
}
