// What `addresses make` writes, held against what it reads: a list or a sheet must not take the place of the entries that it is made of, nor of
// the key that signs it, of which there is no other copy.

import { dirname, join, resolve } from 'node:path';
import { type Arguments, textOf, textsOf } from './arguments.ts';

/** A sentence for each file that would be lost. `sheets` are names beside the list. */
export function lostFiles(values: Arguments, sheets: readonly string[]): string[] {
  const out = textOf(values, 'out');
  if (out === undefined) return [];
  const from = textOf(values, 'from');
  const read = new Map<string, string>();
  if (from !== undefined) read.set(resolve(from), `--from ${from}`);
  for (const key of textsOf(values, 'key')) for (const half of [key, `${key}.pub`]) read.set(resolve(half), `--key ${key}`);
  return [out, ...sheets.map((name) => join(dirname(out), name))].flatMap((file) => {
    const flag = read.get(resolve(file));
    return flag === undefined
      ? []
      : `--out ${out}: would write over ${file}, which is of ${flag}: give it another name, or a folder of its own`;
  });
}
