// The first step of every command that takes -c FILE.

import { loadConfig, type Problem, renderProblem } from '../config/load.ts';
import { whyUnread } from '../config/files.ts';
import type { Settings } from '../core/settings.ts';
import type { CliIo } from './io.ts';

export type ConfigRead =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Problems are on standard error already, one a line. */
export function readConfig(file: string, io: CliIo): ConfigRead {
  let text: string;
  try {
    text = io.readFile(file);
  } catch (error) {
    return refuse(file, [{ line: 1, column: 1, path: '', message: `cannot read the file (${whyUnread(error)})` }], io);
  }
  const loaded = loadConfig(text, file, io.env, io.readFile, io.machine);
  return 'problems' in loaded ? refuse(file, loaded.problems, io) : { ok: true, ...loaded };
}

function refuse(file: string, problems: readonly Problem[], io: CliIo): ConfigRead {
  for (const problem of problems) io.stderr(`${renderProblem(file, problem)}\n`);
  return { ok: false, problems };
}
