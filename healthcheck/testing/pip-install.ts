// A program of Python's that a test wants in an exact version: from PyPI into a virtual environment of its own.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A registry that is slow, not one that hangs. */
const INSTALL_WITHIN_MS = 300_000;
/** Before each try: a registry may fail to answer for a moment. */
const PAUSES_MS = [0, 5_000, 15_000];

/** Gives the folder of its programs, which is in `folder`. Throws what pip says at last. */
export async function pipInstall(folder: string, requirement: string): Promise<string> {
  const untilMs = Date.now() + INSTALL_WITHIN_MS;
  await run('python3', ['-m', 'venv', join(folder, 'venv')], { timeout: INSTALL_WITHIN_MS });
  const programs = join(folder, 'venv', 'bin');
  let why: unknown;
  for (const pauseMs of PAUSES_MS) {
    const leftMs = untilMs - Date.now() - pauseMs;
    if (leftMs <= 0) break;
    await setTimeout(pauseMs);
    const words = ['-m', 'pip', 'install', '--quiet', '--no-input', requirement];
    try {
      await run(join(programs, 'python3'), words, { timeout: leftMs });
      return programs;
    } catch (error) {
      why = error;
    }
  }
  throw why;
}
