// Files that a command writes: whole or not at all, since others read them at any moment.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Takes the place of a file that is there; throws where it cannot. */
export function replaceFile(path: string, text: string): void {
  const partial = `${path}.partial`;
  try {
    writeDown(partial, text, { flag: 'w', mode: 0o644 });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Never takes the place of a file that is there. */
export function createFile(path: string, text: string, mode: number): void {
  writeDown(path, text, { flag: 'wx', mode });
}

function writeDown(path: string, text: string, { flag, mode }: { flag: 'w' | 'wx'; mode: number }): void {
  const file = openSync(path, flag, mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
