// Which node does a command mean? The one of -c FILE or --runtime DIR, else the only one that runs in a usual place.

import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { askSupervisor } from '../control/ask.ts';
import { type Arguments, textOf } from './arguments.ts';
import type { CliIo } from './io.ts';
import { EXIT_FAILED, EXIT_USAGE } from './io.ts';
import { readConfig } from './read-config.ts';

export interface OperateIo extends CliIo {
  readonly clock: Clock;
}

/** A node that is not there refuses at once; one on a machine that is overloaded is there all the same, and that is when it is asked for. */
export const FIND_MS = 10_000;

export const BOTH_WAYS = '-c and --runtime say the same in two ways; give one';

/** What a command says where its node answered first and then did not. */
export function hasJustEnded(command: string, runtime: string): string {
  return `pinhole ${command}: the node in ${runtime} has just ended\n`;
}

/** A runtime folder in which a supervisor answers, or the exit code after a line that says why there is none. */
export async function findNode(values: Arguments, command: string, io: OperateIo): Promise<string | number> {
  const complain = (line: string, code: number): number => {
    io.stderr(`pinhole ${command}: ${line}\n`);
    return code;
  };
  const config = textOf(values, 'config');
  const runtime = textOf(values, 'runtime');
  if (config !== undefined && runtime !== undefined) return complain(BOTH_WAYS, EXIT_USAGE);

  let places = usualPlaces(io);
  if (runtime !== undefined) places = [resolve(runtime)];
  if (config !== undefined) {
    const file = readConfig(config, io);
    if (!file.ok) return complain('the file above has mistakes; --runtime DIR finds the node without it', EXIT_USAGE);
    places = [resolve(file.settings.runtime)];
  }

  const found: string[] = [];
  for (const place of places) if (await askSupervisor(place, io.clock, FIND_MS)) found.push(place);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) return complain(`more than one node runs here: say --runtime ${found.join(' or ')}`, EXIT_USAGE);
  return complain(`no node answers in ${places.join(', ')}${places.length > 1 ? '; say -c FILE or --runtime DIR' : ''}`, EXIT_FAILED);
}

/** Where `serve` puts its folder unless the file says otherwise, the example's place, and the sandbox's. */
export function usualPlaces({ env, machine }: OperateIo): string[] {
  const systemd = (env['RUNTIME_DIRECTORY'] ?? '').split(':')[0] ?? '';
  const user = env['XDG_RUNTIME_DIR'] ?? '';
  const places = [systemd, user === '' ? '' : `${user}/pinhole`, '/run/pinhole', `/tmp/pinhole-${machine.uid}`, resolve('.sandbox/run')];
  return [...new Set(places.filter((place) => place !== ''))];
}
