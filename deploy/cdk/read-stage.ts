// The stage that a command was given: read, judged, and every mistake of it said.

import { readFileSync } from 'node:fs';
import { type Problem, renderProblem } from '../../proxy/config/problem.ts';
import type { DeployIo } from './io.ts';
import { loadStage, type Stage } from './stage.ts';

/** Null where anything is wrong; it is on standard error then. */
export function readStage(file: string, io: DeployIo): Stage | null {
  const text = readText(file, io);
  if (text === null) return null;
  const loaded = loadStage(text, file, io.env, (path) => readFileSync(path, 'utf8'), io.nowMs());
  const say = (problems: readonly Problem[], prefix: string): void => {
    for (const problem of problems) io.stderr(`${prefix}${renderProblem(file, problem)}\n`);
  };
  if ('problems' in loaded) return (say(loaded.problems, ''), null);
  say(loaded.warnings, 'warning: ');
  return loaded.stage;
}

/** Null, and said, where it cannot be read. */
export function readText(file: string, io: DeployIo): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    io.stderr(`${file}: cannot be read (${String(Object(error).code ?? error)})\n`);
    return null;
  }
}
