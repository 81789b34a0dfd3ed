// `pinhole addresses`: makes and verifies the signed list of a fleet's addresses (docs/addresses.md).

import type { Clock } from '../core/clock.ts';
import { type Arguments, textOf } from './arguments.ts';
import { makeKey, makeList } from './addresses-make.ts';
import { ADDRESSES } from './commands/other-commands.ts';
import { readCommand } from './commands/read-command.ts';
import { verifyList } from './addresses-verify.ts';
import { type CliIo, EXIT_USAGE } from './io.ts';

export interface AddressesIo extends CliIo {
  readonly clock: Clock;
}

/** Options of each kind of call, besides --json; another one with it is a mistake. */
const CALLS = {
  'make --new-key': ['new-key'],
  make: ['fleet', 'host', 'port', 'address', 'from', 'key', 'days', 'out', 'sheets', 'endpoint', 'contact', 'notice'],
  verify: ['list', 'key'],
} as const;

export function runAddresses(args: readonly string[], io: AddressesIo): number {
  const read = readCommand(ADDRESSES, args, io);
  if (typeof read === 'number') return read;
  const [action, stranger] = read.words;
  if (action !== 'make' && action !== 'verify') return usageError('addresses', 'expected make or verify', io);
  if (stranger !== undefined) return usageError(`addresses ${action}`, `Unexpected argument '${stranger}'`, io);
  const call = action === 'make' && textOf(read.values, 'new-key') !== undefined ? 'make --new-key' : action === 'make' ? 'make' : 'verify';
  const stray = strayFlag(read.values, CALLS[call]);
  if (stray !== undefined) return usageError(`addresses ${call}`, `--${stray} does not go with it`, io);
  if (call === 'make --new-key') return makeKey(textOf(read.values, 'new-key') ?? '', read.values['json'] === true, io);
  return call === 'make' ? makeList(read.values, io) : verifyList(read.values, io);
}

function strayFlag(values: Arguments, allowed: readonly string[]): string | undefined {
  return Object.keys(values).find((name) => name !== 'json' && !allowed.includes(name));
}

function usageError(command: string, why: string, io: CliIo): number {
  io.stderr(`pinhole ${command}: ${why}\n`);
  return EXIT_USAGE;
}
