// Runs one `./pinhole` command to its end, as somebody at a terminal would.

import { execFile } from 'node:child_process';
import { PINHOLE } from '../world/place.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** For commands that end by themselves; the slowest waits for a change of the zone to be everywhere. */
const TIMEOUT_MS = 120_000;

export function runPinhole(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(PINHOLE, args, { env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
    );
  });
}

/** As `runPinhole`; anything but 0 is thrown, with what the command said. */
export async function mustRun(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out, err } = await runPinhole(args, env);
  if (code !== 0) throw new Error(`pinhole ${args.join(' ')} ended with ${code}: ${err.trim() || out.trim()}`);
  return out;
}
