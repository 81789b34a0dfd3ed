// Files that a flag names.

import type { CliIo } from './io.ts';

/** The file's text; null, and a problem, where it cannot be read. */
export function readOrNull(file: string, flag: string, io: CliIo, problems: string[]): string | null {
  try {
    return io.readFile(file);
  } catch (error) {
    problems.push(`${flag} ${file}: cannot be read (${codeOf(error)})`);
    return null;
  }
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
