// `pinhole addresses`: makes and verifies the signed list of a fleet's addresses (docs/addresses.md).

import type { Clock } from '../core/clock.ts';
import { type Arguments, readArguments, textOf } from './arguments.ts';
import { makeKey, makeList } from './addresses-make.ts';
import { ADDRESSES_CALLS, ADDRESSES_OPTIONS, ADDRESSES_USAGE } from './addresses-usage.ts';
import { verifyList } from './addresses-verify.ts';
import { type CliIo, EXIT_OK, EXIT_USAGE } from './io.ts';

export interface AddressesIo extends CliIo {
  readonly clock: Clock;
}

export function runAddresses([action, ...rest]: readonly string[], io: AddressesIo): number {
  const isHelp = action === '--help' || action === '-h';
  if (!isHelp && action !== 'make' && action !== 'verify') return usageError('addresses', 'expected make or verify', io);
  const read = readArguments(isHelp ? [action] : rest, ADDRESSES_OPTIONS);
  if (!read.ok) return usageError(`addresses ${action}`, read.why, io);
  if (read.values['help'] === true) {
    io.stdout(ADDRESSES_USAGE);
    return EXIT_OK;
  }
  const call = action === 'make' && textOf(read.values, 'new-key') !== undefined ? 'make --new-key' : action === 'make' ? 'make' : 'verify';
  const stray = strayFlag(read.values, ADDRESSES_CALLS[call]);
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
