// Files that the configuration names: paths are relative to the file's own folder.

import { dirname, resolve } from 'node:path';
import type { ConfigPath, Report } from './problem.ts';

export class Files {
  readonly #folder: string;
  readonly #readFile: (path: string) => string;
  readonly #report: Report;

  constructor(file: string, readFile: (path: string) => string, report: Report) {
    this.#folder = dirname(resolve(file));
    this.#readFile = readFile;
    this.#report = report;
  }

  resolve(path: string): string {
    return resolve(this.#folder, path);
  }

  /** The file's text; null, and a problem at `at`, where it cannot be read. */
  read(path: string, at: ConfigPath): string | null {
    const full = this.resolve(path);
    try {
      return this.#readFile(full);
    } catch (error) {
      this.#report.problem(at, `cannot read ${full} (${whyUnread(error)})`);
      return null;
    }
  }
}

/** What the system says in a code; in words too where the code is ours (cli/read-text.ts). */
const WORDS: Readonly<Record<string, string>> = { EFBIG: ': it is too long', ETIMEDOUT: ': nothing comes out of it' };

export function whyUnread(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
  return `${code}${Object.hasOwn(WORDS, code) ? WORDS[code] : ''}`;
}
