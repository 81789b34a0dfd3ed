// A command's words by its entry in the table: its options and what stands beside them, or the exit code after what was to be said.

import type { ParseArgsOptionsConfig } from 'node:util';
import { didYouMean } from '../../config/did-you-mean.ts';
import { type Arguments, readArguments } from '../arguments.ts';
import { type CliIo, EXIT_OK, EXIT_USAGE } from '../io.ts';
import type { Command, Option } from './command.ts';
import { renderHelp } from './render-help.ts';

export interface CommandWords {
  readonly values: Arguments;
  /** What is no option; empty where the command takes none. */
  readonly words: readonly string[];
}

export function readCommand(command: Command, args: readonly string[], io: Pick<CliIo, 'stdout' | 'stderr'>): CommandWords | number {
  const options = Object.fromEntries(command.options.map((option) => [option.long, asParsed(option)])) satisfies ParseArgsOptionsConfig;
  const read = readArguments(args, options, command.words !== undefined);
  if (!read.ok) {
    io.stderr(`pinhole ${command.name}: ${read.why}${suggestion(read.why, command)}\n`);
    return EXIT_USAGE;
  }
  if (read.values['help'] === true) {
    io.stdout(renderHelp(command));
    return EXIT_OK;
  }
  return read;
}

/** What was meant by an option that there is none of. */
function suggestion(why: string, { options }: Command): string {
  const [, wrong] = /^Unknown option '--([^']+)'$/.exec(why) ?? [];
  const meant =
    wrong === undefined
      ? null
      : didYouMean(
          wrong,
          options.map(({ long }) => long),
        );
  return meant === null ? '' : `; did you mean --${meant}?`;
}

function asParsed({ short, value, isRepeated }: Option): ParseArgsOptionsConfig[string] {
  return {
    type: value === undefined ? 'boolean' : 'string',
    ...(short === undefined ? {} : { short }),
    ...(isRepeated ? { multiple: true } : {}),
  };
}
