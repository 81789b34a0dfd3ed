// Runs one program to its end.

import { execFile } from 'node:child_process';

export interface How {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** All that a build may print. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Resolves with what it printed; rejects with its own last words where it fails. */
export function run(program: string, args: readonly string[], { cwd, env = process.env }: How): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const why =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not installed' : stderr.trim().split('\n').slice(-5).join('\n');
      reject(new Error(`${program} ${args.slice(0, 2).join(' ')}: ${why || error.message}`));
    });
  });
}
