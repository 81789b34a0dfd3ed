// A report may have taken hours: one that is asked into the same folder does not end it.

import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What of these files an earlier run has left there goes into a folder inside, named by when the first of them was written. In words where
 * that was, or why it could not be; null where nothing was there.
 */
export function setAside(folder: string, names: readonly string[]): string | null {
  const there = names.filter((name) => existsSync(join(folder, name)));
  const [first] = there;
  if (first === undefined) return null;
  try {
    const aside = join(folder, `earlier-${statSync(join(folder, first)).mtime.toISOString().replaceAll(/[:.]/g, '-')}`);
    mkdirSync(aside, { recursive: true });
    for (const name of there) renameSync(join(folder, name), join(aside, name));
    return `an earlier report was in ${folder}: it is in ${aside} now`;
  } catch (error) {
    return `an earlier report is in ${folder}, and could not be set aside (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
}
