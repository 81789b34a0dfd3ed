// What the supervisor keeps in the runtime folder: the generation, the settings that its children read, and nothing of an earlier run.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generationFile, isLeftover, settingsFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import type { ServePlan } from './plan.ts';

/** Only for the holder of the folder's lock. Gives back the new generation: one more than any before. */
export function enterRuntimeFolder(plan: ServePlan): number {
  const { runtime, preparedSettings } = plan;
  const settings = withBoundPorts(JSON.parse(readFileSync(preparedSettings, 'utf8')) as Settings, plan);
  for (const name of readdirSync(runtime)) {
    if (isLeftover(name)) rmSync(join(runtime, name), { force: true });
  }
  replace(settingsFile(runtime), JSON.stringify(settings));
  const generation = lastGeneration(runtime) + 1;
  replace(generationFile(runtime), `${generation}\n`);
  return generation;
}

/** Port 0 in the file is a port of the kernel's choice, the same for every carrier and as long as the node lives. */
function withBoundPorts(settings: Settings, { listeners, health, admin }: ServePlan): Settings {
  return {
    ...settings,
    listeners: settings.listeners.map((listener, index) => ({ ...listener, port: listeners[index]?.port ?? listener.port })),
    health: { ...settings.health, port: health.port },
    admin: { ...settings.admin, port: admin.port },
  };
}

/** Whole or not at all: somebody may read it at any moment. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

function lastGeneration(runtime: string): number {
  try {
    const last = Number(readFileSync(generationFile(runtime), 'utf8'));
    return Number.isSafeInteger(last) && last > 0 ? last : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
