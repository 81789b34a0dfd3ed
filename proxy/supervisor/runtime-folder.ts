// What the supervisor keeps in the runtime folder: the generation, the settings that its children read, and nothing of an earlier run.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generationFile, isLeftover, settingsFile } from '../core/runtime-files.ts';
import type { Settings } from '../core/settings.ts';
import type { ServePlan } from './plan.ts';

export interface Entered {
  /** One more than any before. */
  readonly generation: number;
  readonly accepted: AcceptedSettings;
}

/** Only for the holder of the folder's lock. */
export function enterRuntimeFolder(plan: ServePlan): Entered {
  const { runtime, preparedSettings } = plan;
  const settings = withBoundPorts(JSON.parse(readFileSync(preparedSettings, 'utf8')) as Settings, plan);
  for (const name of readdirSync(runtime)) {
    if (isLeftover(name)) rmSync(join(runtime, name), { force: true });
  }
  const generation = nextGeneration(runtime);
  const accepted = new AcceptedSettings(settingsFile(runtime, generation), JSON.stringify(settings));
  return { generation, accepted };
}

/** One more than any before, and kept. Throws where that is not possible. */
export function nextGeneration(runtime: string): number {
  const generation = lastGeneration(runtime) + 1;
  replace(generationFile(runtime), `${generation}\n`);
  return generation;
}

/** Settings that a `prepare` child left, as those of a generation. Throws, and nothing has changed. */
export function acceptedFor(runtime: string, generation: number, preparedSettings: string): AcceptedSettings {
  return new AcceptedSettings(settingsFile(runtime, generation), readFileSync(preparedSettings, 'utf8'));
}

/** The settings by which every process of a generation starts. Only the holder of the folder's lock changes them. */
export class AcceptedSettings {
  readonly #file: string;
  #text: string;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    replace(file, text);
  }

  get text(): string {
    return this.#text;
  }

  /** Those of another generation of the same version. */
  copy(text: string): void {
    replace(this.#file, text);
    this.#text = text;
  }

  /** The generation is gone. Where it cannot be removed it stays until the next start of the node. */
  remove(): void {
    try {
      rmSync(this.#file, { force: true });
    } catch {
      // Nobody reads it any more.
    }
  }

  /** Takes these into use, whole: who reads the file gets the ones before or these. Throws, and nothing has changed. */
  accept(preparedSettings: string): void {
    const text = readFileSync(preparedSettings, 'utf8');
    renameSync(preparedSettings, this.#file);
    this.#text = text;
  }

  /** Puts the file back where somebody has taken it away, as those who clean up /tmp do; true where it was gone. Throws where it cannot. */
  restore(): boolean {
    if (existsSync(this.#file)) return false;
    replace(this.#file, this.#text);
    return true;
  }
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

/** Whole or not at all: somebody may read it at any moment. As in control/metrics-files.ts, which the supervisor must not load. */
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
