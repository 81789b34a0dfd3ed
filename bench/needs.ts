// What has to be on the machine for a contestant to run, and whether it is.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Needs {
  /** Paths of files; a name without a slash is a program on the PATH. */
  readonly files: readonly string[];
  /** A command that brings them. */
  readonly how: string;
}

export function missingOf(needs: Needs | null, searchPath: string): readonly string[] {
  return needs?.files.filter((file) => findFile(file, searchPath) === null) ?? [];
}

/** Its path, or null where it is not here. */
export function findFile(file: string, searchPath: string): string | null {
  const places = file.includes('/') ? [file] : searchPath.split(delimiter).map((folder) => join(folder, file));
  return places.find((place) => existsSync(place)) ?? null;
}
