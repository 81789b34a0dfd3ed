// A report may have taken hours: one that is asked into the same folder does not end it.

import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface SetAside {
  /** Where the earlier report is now, or why it could not be moved. */
  readonly words: string;
  /** The folder takes another one without harm to it. */
  readonly isFree: boolean;
}

/** What of these files an earlier run has left there goes into a folder inside, named by when the first of them was written. Null: there was none. */
export function setAside(folder: string, names: readonly string[]): SetAside | null {
  const there = names.filter((name) => existsSync(join(folder, name)));
  const [first] = there;
  if (first === undefined) return null;
  try {
    const aside = join(folder, `earlier-${statSync(join(folder, first)).mtime.toISOString().replaceAll(/[:.]/g, '-')}`);
    mkdirSync(aside, { recursive: true });
    for (const name of there) renameSync(join(folder, name), join(aside, name));
    return { words: `an earlier report was in ${folder}: it is in ${aside} now`, isFree: true };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    return { words: `an earlier report is in ${folder}, and could not be set aside (${why}): this one is elsewhere`, isFree: false };
  }
}
