// `help`: the list of commands, or what a command's own --help prints.

import { didYouMean } from '../config/did-you-mean.ts';
import { COMMANDS } from './commands/all-commands.ts';
import { renderHelp, renderOverview } from './commands/render-help.ts';
import { type CliIo, EXIT_OK, EXIT_USAGE } from './io.ts';

export function runHelp([name, ...more]: readonly string[], io: Pick<CliIo, 'stdout' | 'stderr'>): number {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (more.length > 0) {
    io.stderr('pinhole help: give one COMMAND\n');
    return EXIT_USAGE;
  }
  if (name !== undefined && !name.startsWith('-') && command === undefined) return complainOfCommand(name, io);
  io.stdout(command === undefined ? renderOverview(COMMANDS) : renderHelp(command));
  return EXIT_OK;
}

/** Somebody asks for a command that there is none of. */
export function complainOfCommand(name: string, io: Pick<CliIo, 'stderr'>): number {
  const meant = didYouMean(
    name,
    COMMANDS.map((command) => command.name),
  );
  io.stderr(`pinhole: no such command: ${name}${meant === null ? '' : `; did you mean ${meant}?`}; see \`pinhole help\`\n`);
  return EXIT_USAGE;
}
