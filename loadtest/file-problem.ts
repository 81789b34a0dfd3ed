// What is wrong with a file before it is read.

import { statSync } from 'node:fs';

/** In words, or null. A pipe or a device would be read for ever, and the whole of it kept. `what` it should be: a word. Throws as `statSync` does. */
export function fileProblem(path: string, what: string, bytesMax: number): string | null {
  const found = statSync(path);
  if (!found.isFile()) return `${path} is no file`;
  if (found.size <= bytesMax) return null;
  return `${path} has ${Math.round(found.size / 1_048_576)} MiB, and no ${what} has more than ${bytesMax / 1_048_576}`;
}
