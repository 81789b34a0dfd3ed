// The roles that only the supervisor starts, and the words it starts them with (proxy/supervisor/spawn-role.ts).

import { enableCompileCache, flushCompileCache } from 'node:module';
import type { Clock } from '../core/clock.ts';
import { compiledFolder } from '../core/runtime-files.ts';
import { EXIT } from '../supervisor/plan.ts';
import { readArguments, textOf } from './arguments.ts';

const STRING = { type: 'string' } as const;

export async function runCarrierRole(
  args: readonly string[],
  deps: { clock: Clock; descriptors: number; restMs: number | null },
): Promise<number> {
  const { word, isRising } = reader(args, ['runtime', 'slot', 'generation', 'row', 'listen-fds']);
  const { runCarrier } = await fromCache(word('runtime'), () => import('../carrier.ts'));
  await runCarrier({
    runtime: word('runtime'),
    slot: Number(word('slot')),
    generation: Number(word('generation')),
    row: Number(word('row')),
    isRising,
    listenFds: word('listen-fds').split(',').map(Number),
    ...deps,
  });
  return EXIT.ok;
}

export async function runControlRole(args: readonly string[], deps: { clock: Clock; restMs: number | null }): Promise<number> {
  const { word, isRising } = reader(args, ['runtime', 'generation']);
  const { runControl } = await fromCache(word('runtime'), () => import('../control.ts'));
  return runControl({ runtime: word('runtime'), generation: Number(word('generation')), isRising, ...deps });
}

/** A carrier that died is replaced in a third of the time where its code has been compiled before: 260 instead of 780 ms measured. */
async function fromCache<T>(runtime: string, load: () => Promise<T>): Promise<T> {
  enableCompileCache(compiledFolder(runtime));
  const loaded = await load();
  // Now, since a process that is killed writes nothing.
  flushCompileCache();
  return loaded;
}

/** Who types a role by hand is told so. */
function reader(args: readonly string[], names: readonly string[]): { word(name: string): string; readonly isRising: boolean } {
  const read = readArguments(args, { ...Object.fromEntries(names.map((name) => [name, STRING])), rising: { type: 'boolean' } });
  const word = (name: string): string => {
    const value = read.ok ? textOf(read.values, name) : undefined;
    if (value === undefined)
      throw new Error(`this role is started by \`pinhole serve\` only (${read.ok ? `--${name} is missing` : read.why})`);
    return value;
  };
  return { word, isRising: read.ok && read.values['rising'] === true };
}
