// `completion`: a script for a shell, made of the table of commands; and what only a running node knows, for that script to offer.

import { askJson, askSupervisor } from '../control/ask.ts';
import { type CarrierGroups, type CarrierTunnels, GROUPS_PATH } from '../control/carrier-api.ts';
import { carrierSocket } from '../core/runtime-files.ts';
import { COMMANDS } from './commands/all-commands.ts';
import { renderBash } from './commands/render-bash.ts';
import { renderZsh } from './commands/render-zsh.ts';
import { COMPLETION } from './commands/other-commands.ts';
import { readCommand } from './commands/read-command.ts';
import type { OperateIo } from './find-node.ts';
import { usualPlaces } from './find-node.ts';
import { EXIT_OK, EXIT_USAGE } from './io.ts';

/** A shell shows no more. */
const TUNNELS_MAX = 100;

export async function runCompletion(args: readonly string[], io: OperateIo): Promise<number> {
  const read = readCommand(COMPLETION, args, io);
  if (typeof read === 'number') return read;
  const [what, ...more] = read.words;
  const text = more.length > 0 ? null : await complete(what, io);
  if (text === null) {
    io.stderr('pinhole completion: expected bash or zsh\n');
    return EXIT_USAGE;
  }
  io.stdout(text);
  return EXIT_OK;
}

function complete(what: string | undefined, io: OperateIo): string | null | Promise<string> {
  if (what === 'bash') return renderBash(COMMANDS);
  if (what === 'zsh') return renderZsh(COMMANDS);
  if (what === 'tenants') return askAll(GROUPS_PATH, (answer) => (answer as CarrierGroups).groups.map(({ tenant }) => tenant), io);
  if (what === 'tunnels')
    return askAll(`/tunnels?limit=${TUNNELS_MAX}`, (answer) => (answer as CarrierTunnels).rows.map(({ id }) => id), io);
  return null;
}

/** Of every carrier of the nodes in the usual places; nothing where there is none: nobody wants to read of that while typing. */
async function askAll(path: string, namesIn: (answer: unknown) => readonly string[], io: OperateIo): Promise<string> {
  const names = new Set<string>();
  for (const runtime of usualPlaces(io)) {
    const { slots = [] } = (await askSupervisor(runtime, io.clock)) ?? {};
    const answers = await Promise.all(
      slots.map(({ generation, slot }) => askJson(carrierSocket(runtime, generation, slot), path, io.clock)),
    );
    for (const answer of answers) if (answer !== null) for (const name of namesIn(answer)) names.add(name);
  }
  names.delete('');
  return [...names]
    .toSorted()
    .map((name) => `${name}\n`)
    .join('');
}
