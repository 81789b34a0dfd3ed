// A mark of a file as it is at a moment: another one means that it was written, replaced, or taken away. Taken before the file is read, so
// that a change in between is never missed.

import { promises, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';

export interface FileMark {
  readonly path: string;
  readonly mark: string;
}

export function markOf(path: string): string {
  try {
    return render(statSync(path, { bigint: true }));
  } catch (error) {
    return absent(error);
  }
}

/** The same without ever holding up the process: a file may be on another machine. */
export async function markNow(path: string): Promise<string> {
  try {
    return render(await promises.stat(path, { bigint: true }));
  } catch (error) {
    return absent(error);
  }
}

/** Links are followed: what counts is the file that a reader gets. */
function render({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}-${ino}-${size}-${mtimeNs}-${ctimeNs}`;
}

function absent(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
