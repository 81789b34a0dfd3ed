// `pinhole reload`: has a running node take its configuration as it is now, and says what came of it. Asks the supervisor itself, so it works
// while control is dead.

import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { askSupervisor, orderSupervisor } from '../control/ask.ts';
import { runtimeNamedBy } from '../config/load.ts';
import type { DryRunResult, ReloadResult } from '../core/supervision.ts';
import { type Arguments, textOf } from './arguments.ts';
import { RELOAD } from './commands/operate-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { renderDuration } from './durations.ts';
import { renderDryRun } from './dry-run.ts';
import { EXIT_FAILED, EXIT_USAGE } from './io.ts';
import type { OperateIo } from './find-node.ts';
import { BOTH_WAYS, FIND_MS, findNode, usualPlaces } from './find-node.ts';

/** A run that is under way and the one that answers, each with its longest waits (supervisor/prepare-child.ts, supervisor/hand-out.ts). */
const ANSWER_MS = 120_000;

export interface ReloadIo extends OperateIo {
  readonly pid: number;
}

export async function runReload(args: readonly string[], io: ReloadIo): Promise<number> {
  const read = readCommand(RELOAD, args, io);
  if (typeof read === 'number') return read;
  const { values } = read;
  const isDryRun = values['dry-run'] === true;
  const from = textOf(values, 'from') ?? null;
  if (from !== null && !isDryRun) return complain('--from goes with --dry-run only: a node takes its own file', EXIT_USAGE, io);
  const runtime = await findNodeOf(values, io);
  if (typeof runtime === 'number') return runtime;

  const by = `reload (uid ${io.machine.uid}, pid ${io.pid})`;
  const order = isDryRun ? { order: 'dry-run', by, to: from === null ? null : resolve(from) } : { order: 'reload', by };
  const heard = (): void => io.stderr('pinhole reload: another change is under way: waiting for it\n');
  const answer = await orderSupervisor(runtime, order, { clock: io.clock, timeoutMs: ANSWER_MS, heard });
  if (!isResult(answer)) {
    const { error } = Object(answer) as { error?: string };
    return complain(`the node in ${runtime} gave no answer${error === undefined ? '' : `: ${error}`}`, EXIT_FAILED, io);
  }
  if (values['json'] === true) io.stdout(`${JSON.stringify(answer)}\n`);
  else if (isDryRun) renderDryRun(answer as DryRunResult, io);
  else render(answer as ReloadResult, io);
  return answer.code;
}

function complain(line: string, code: number, io: ReloadIo): number {
  io.stderr(`pinhole reload: ${line}\n`);
  return code;
}

function isResult(answer: unknown): answer is ReloadResult | DryRunResult {
  return typeof answer === 'object' && answer !== null && 'outcome' in answer;
}

/** Like any command; but a file with mistakes, or one that is gone, still leads to the node that runs by it, which has to say so. */
async function findNodeOf(values: Arguments, io: ReloadIo): Promise<string | number> {
  const config = textOf(values, 'config');
  if (config === undefined) return findNode(values, 'reload', io);
  if (textOf(values, 'runtime') !== undefined) return complain(BOTH_WAYS, EXIT_USAGE, io);

  const others: string[] = [];
  const named = namedPlaces(config, io);
  const places = [...new Set([...named, ...usualPlaces(io)])];
  for (const place of places) {
    const view = await askSupervisor(place, io.clock, FIND_MS);
    if (view && isSameFile(view.configuration.file, config)) return place;
    if (view) others.push(`the node in ${place} runs by ${view.configuration.file}`);
  }
  if (others.length > 0) return complain(`no node runs by ${config}; ${others.join('; ')}`, EXIT_USAGE, io);
  if (named.length > 0) return complain(`no node that runs by ${config} answers in ${places.join(', ')}`, EXIT_FAILED, io);
  return complain(`${config} cannot be read, so it does not say where its node is; --runtime DIR does`, EXIT_USAGE, io);
}

function namedPlaces(file: string, { readFile, env, machine }: ReloadIo): string[] {
  try {
    return [resolve(runtimeNamedBy(readFile(file), file, env, machine))];
  } catch {
    return [];
  }
}

/** By its name, or by what its name leads to. */
function isSameFile(running: string, given: string): boolean {
  if (running === resolve(given)) return true;
  try {
    return realpathSync(running) === realpathSync(given);
  } catch {
    return false;
  }
}

function render(result: ReloadResult, io: ReloadIo): void {
  const { outcome, policyVersion, before, changed, problems, atStart, carriers, control, tookMs, file } = result;
  const took = `${carriers.filter((carrier) => carrier.took).length} of ${carriers.length} carriers`;
  if (outcome === 'taken') {
    const keys = changed.length > 0 ? `: ${changed.join(', ')}` : '';
    io.stdout(`taken by ${took} in ${(tookMs / 1_000).toFixed(1)} s, policy version ${policyVersion} after ${before}${keys}\n`);
  } else if (outcome === 'unchanged') {
    // It may have been taken a moment ago, because the file was changed.
    const forMs = Math.max(0, result.atMs - result.sinceMs);
    io.stdout(`nothing new: policy version ${policyVersion} in use for ${renderDuration(forMs)}, by ${took}\n`);
  }
  for (const { who, took: hasTaken, why } of [...carriers, ...(control ? [control] : [])]) if (!hasTaken) io.stderr(`${who}: ${why}\n`);
  for (const problem of problems) io.stderr(`${problem}\n`);
  for (const { key, running, wanted } of atStart) io.stderr(`${key}: ${wanted} takes a start of the node, which runs with ${running}\n`);
  const goesOn = `the node goes on by policy version ${policyVersion}`;
  if (outcome === 'bad') io.stderr(`pinhole reload: ${file} has mistakes; ${goesOn}\n`);
  if (outcome === 'at-start') io.stderr(`pinhole reload: nothing was changed; ${goesOn}\n`);
  if (outcome === 'failed') io.stderr(`pinhole reload: ${result.why}; ${goesOn}\n`);
}
